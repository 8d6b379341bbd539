"""Classes, labels and splits follow from names, by one rule for every packaging."""

import json
import tarfile
import tempfile
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganjax.data.holdout import holdout_of
from ganjax.data.layout import arrange
from ganjax.data.tree import Tree
from ganjax.errors import BadInput

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "né") for form in ("NFC", "NFD"))
PACKAGES = ("folder", "zip", "tar")


def packed(place, files, package, outer=""):
    """Write files, name -> content, as a folder, .zip or .tar. Return its path."""
    names = [files] if isinstance(files, str) else files
    contents = dict.fromkeys(names, b"") if not isinstance(names, dict) else names
    path = Path(place) / ("d" if package == "folder" else f"d.{package}")
    folder = Path(place) / (path.name if package == "folder" else f"{package}_files")
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / outer / name).parent.mkdir(parents=True, exist_ok=True)
        content = content if isinstance(content, bytes) else content.encode()
        (folder / outer / name).write_bytes(content)
    if package == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in folder.rglob("*"):
                archive.write(file, file.relative_to(folder))
    if package == "tar":
        with tarfile.open(path, "w") as archive:
            archive.add(folder, ".")
    return path


def found(path, **options):
    """The classes of an arrangement, and the names of each split with their classes."""
    made = arrange([Tree(path)], **options)
    names = made.classes or ("",)
    splits = [{x.name: names[x.label] for x in s} for s in (made.train, made.test)]
    return made.classes, *splits


def images(*folders, count=2):
    return [f"{folder}/{i}.png" for folder in folders for i in range(count)]


def classes_of(names):
    """Names of images -> the last folder but one is the class."""
    return {name: name.split("/")[-2] for name in names}


CAT_DOG = ("cat", "dog")
# What is in the data -> (names of images, classes, training images, test images).
SPLITS = {
    "images_between": (
        images(*(f"{s}/images/{c}" for s in ("train", "test") for c in CAT_DOG)),
        lambda name: name.split("/")[2], "train/", "test/",
    ),
    "images_between_in_one_split": (
        images("train/images/cat", "train/images/dog", "test/cat", "test/dog"),
        lambda name: name.split("/")[-2], "train/", "test/",
    ),
    "deeper_folders": (
        images(*(f"{s}/{c}/day" for s in ("train", "test") for c in CAT_DOG)),
        lambda name: name.split("/")[1], "train/", "test/",
    ),
    "deeper_folders_and_fewer_test_classes": (
        images("train/cat/day", "train/dog/day", "test/dog/day"),
        lambda name: name.split("/")[1], "train/", "test/",
    ),
    "spare_images": (
        images("train/a", "train/b", "test/a", "test/b", "unlabeled/a", "extra/a"),
        lambda name: name.split("/")[1], "train/", "test/",
    ),
    "one_class_only": (
        images("train/a", "test/a", "unlabeled/a"),
        lambda name: "", "train/", "test/",
    ),
    "a_shared_stem": (
        images("toy_train/a", "toy_train/b", "toy_test/b"),
        lambda name: name.split("/")[1], "toy_train/", "toy_test/",
    ),
    "a_hyphen_and_case": (
        images("Toy-Training/a", "Toy-Training/b", "Toy-Testing/b"),
        lambda name: name.split("/")[1], "Toy-Training/", "Toy-Testing/",
    ),
    "forms_of_unicode": (
        images(f"train/{COMPOSED}", "train/b", f"test/{DECOMPOSED}", "test/b"),
        lambda name: unicodedata.normalize("NFC", name.split("/")[1]),
        "train/", "test/",
    ),
    "case_across_splits": (
        images("train/Cat", "train/Dog", "test/cat", "test/DOG"),
        lambda name: name.split("/")[1].capitalize(), "train/", "test/",
    ),
    "letters_in_both_cases": (
        images("train/A", "train/a", "test/A", "test/a"),
        lambda name: name.split("/")[1], "train/", "test/",
    ),
    "the_first_split_with_labels": (
        images("train/a", "train/b", "test/images", "val/a", "val/b"),
        lambda name: name.split("/")[1], "train/", "val/",
    ),
    "no_classes": (
        images("train", "test"), lambda name: "", "train/", "test/"
    ),
    "outer_folders": (
        images("x/y/train/a", "x/y/train/b", "x/y/test/a"),
        lambda name: name.split("/")[3], "x/y/train/", "x/y/test/",
    ),
}  # fmt: skip


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("case", SPLITS)
def test_folders_of_splits(tmp_path, case, package):
    names, label, train, test = SPLITS[case]
    classes, *splits = found(packed(tmp_path, names, package))
    for start, split in zip((train, test), splits, strict=True):
        assert split == {x: label(x) for x in names if x.startswith(start)}
    assert classes == tuple(sorted(set(splits[0].values()) - {""}))


# Names of images -> the class of each, where there are no folders of splits.
CLASSES = {
    "bullet_train_and_crash_test": (
        images("bullet_train", "crash_test"), lambda name: name.split("/")[0]
    ),
    "a_train_among_vehicles": (
        images("train", "bus", "car"), lambda name: name.split("/")[0]
    ),
    "a_test_among_others": (
        images("test", "quiz"), lambda name: name.split("/")[0]
    ),
    "one_folder": (images("cat", count=4), lambda name: ""),
    "one_folder_in_another": (images("x/cat", count=4), lambda name: ""),
    "only_train": (images("train/a", "train/b"), lambda name: name.split("/")[1]),
    "train_and_spare": (
        images("train/a", "train/b"), lambda name: name.split("/")[1]
    ),
    "forms_of_unicode_in_one_split": (
        [f"{COMPOSED}/0.png", f"{DECOMPOSED}/1.png", "b/0.png", "b/1.png"],
        lambda name: unicodedata.normalize("NFC", name.split("/")[0]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("case", CLASSES)
def test_folders_of_classes(tmp_path, case, package):
    names, label = CLASSES[case]
    more = ["unlabelled/0.png"] if case == "train_and_spare" else []
    classes, train, test = found(packed(tmp_path, names + more, package))
    assert train | test == {name: label(name) for name in names}
    assert classes == tuple(sorted({label(name) for name in names} - {""}))
    assert not train.keys() & test.keys() and len(test) == 1


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize(
    "names, phrases",
    [
        (images("train/a", "train/b", "test/c", "test/a"),
         ["the class c has 2 test images and no training images"]),
        (images("train/a", "test/a", "test/B"), ["the class B has 2 test images"]),
        (images("train/a", "train/A", "train/b", "test/b", "test/á", "test/a"),
         ["the class á"]),
        (images("train/É", "train/é", "train/b", "test/b", "test/e"), ["the class e"]),
        (images("train/a", "test/a", "bus/a"), ["bus/a/0.png", "test and train"]),
        (images("train/a", "test/a", "old_train/a"), ["old_train/a/0.png"]),
        (["1.png", *images("train/a", "test/a")], ["1.png: is not in a split"]),
        (images("val/a", "test/a"), ["has test and val, expected a folder train"]),
        (images("train/a", "train/b", "test"), ["test/0.png", "class folder"]),
        (["1.png", *images("a")], ["1.png: is not inside a class folder"]),
        (images("a/train", "a/test", "b/train", "b/test"),
         ["inside of the class folder", "expected train/a and test/a"]),
        (["a/1.png"], ["holds one image, expected at least one to train"]),
        (images("a", "b", count=1), ["holds one image of each class"]),
    ],
)  # fmt: skip
def test_names_that_contradict_the_rule(tmp_path, names, phrases, package):
    with pytest.raises(BadInput) as caught:
        found(packed(tmp_path, names, package))
    message = str(caught.value)
    assert message.startswith("data.dir='") and "\n" not in message
    assert all(phrase in message for phrase in phrases), message


def test_windows_names_in_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for name in images("train/a", "train/b", "test/b"):
            member = zipfile.ZipInfo(name)
            member.filename = name.replace("/", "\\")
            archive.writestr(member, b"")
    classes, train, test = found(tmp_path / "d.zip")
    assert classes == ("a", "b") and list(test.values()) == ["b", "b"]


SHARDS = [f"0000{i // 3}/img{i:08}.png" for i in range(6)]
NUMBERS = {name: str((10, 2, 2, 10, 2, 10)[i]) for i, name in enumerate(SHARDS)}
CSV = "".join(f"{name},{'cat' if i % 2 else 'dog'}\n" for i, name in enumerate(SHARDS))
AS_JSON = json.dumps({"labels": [[name, int(n)] for name, n in NUMBERS.items()]})
LISTS = {
    "numbers": ("dataset.json", AS_JSON, NUMBERS, ("2", "10")),
    "names": (
        "dataset.json",
        json.dumps({"labels": [[x, f"x{n}"] for x, n in NUMBERS.items()]}),
        {name: f"x{n}" for name, n in NUMBERS.items()},
        ("x10", "x2"),
    ),
    "null": ("dataset.json", '{"labels": null}', dict.fromkeys(SHARDS, ""), ()),
    **{
        name: (
            name,
            header + CSV,
            {x: "cat" if i % 2 else "dog" for i, x in enumerate(SHARDS)},
            ("cat", "dog"),
        )
        for name, header in (
            ("labels.csv", "file,label\n"),
            ("metadata.csv", "\ufefffile_name,label\n"),
        )
    },
}


@pytest.mark.parametrize("outer", ["", "outer"])
@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("case", LISTS)
def test_a_list_of_labels_decides_not_the_shards(tmp_path, case, package, outer):
    list_name, content, labels, expected = LISTS[case]
    files = {**dict.fromkeys(SHARDS, b""), list_name: content}
    classes, train, test = found(packed(tmp_path, files, package, outer))
    assert classes == expected and len(test) == 1
    start = f"{outer}/" if outer else ""
    assert train | test == {start + name: label for name, label in labels.items()}


def test_a_list_from_another_place(tmp_path):
    path = packed(tmp_path, dict.fromkeys(SHARDS, b""), "zip", "outer")
    (tmp_path / "mine.json").write_text(AS_JSON)
    for start in ("", "outer/"):
        content = AS_JSON.replace('["0', f'["{start}0')
        (tmp_path / "mine.json").write_text(content)
        classes, train, test = found(path, labels=str(tmp_path / "mine.json"))
        assert classes == ("2", "10") and len(train | test) == 6
    for name, phrase in (("none.csv", "cannot be read"), ("mine.txt", "has the line")):
        (tmp_path / "mine.txt").write_text("no tabs")
        with pytest.raises(BadInput, match=f"labels=.*{name}.*{phrase}"):
            found(path, labels=str(tmp_path / name))


@pytest.mark.parametrize(
    "name, content, phrases",
    [
        ("dataset.json", AS_JSON.replace("img00000004", "x"),
         ["names 1 files that are no images", "the first is 00001/x.png"]),
        ("labels.csv", "file,label\n" + CSV[:-CSV[::-1].index("\n", 1)],
         ["lacks 1 images, the first is 00001/img00000005.png"]),
        ("labels.csv", "file,label\n" + CSV + f"{SHARDS[0]},cat", ["two labels for"]),
        ("labels.csv", "file,class\n" + CSV, ["expected the columns file and label"]),
        ("labels.csv", "file,label\n" + CSV + "x.png", ["expected a label in it"]),
        ("labels.csv", "", ["expected the columns file and label"]),
        ("labels.csv", "file,label\n", ["lists no files"]),
        ("labels.csv", b"\xff", ["is not UTF-8 text"]),
        ("dataset.json", "{", ["is not JSON"]),
        ("dataset.json", '{"labels": [["a.png", [0.5, 1]]]}', ["[0.5, 1]"]),
        ("dataset.json", '{"labels": 3}', ["has the label 3"]),
    ],
)  # fmt: skip
def test_lists_that_do_not_fit(tmp_path, name, content, phrases):
    path = packed(tmp_path, {**dict.fromkeys(SHARDS, b""), name: content}, "zip")
    with pytest.raises(BadInput) as caught:
        found(path)
    message = str(caught.value)
    assert f"{name}: " in message and "\n" not in message
    assert all(phrase in message for phrase in phrases), message


@pytest.mark.parametrize("package", PACKAGES)
def test_tiny_imagenet(tmp_path, package):
    train = images("train/n01/images", "train/n02/images", count=3)
    lines = "val_1.JPEG\tn02\t0\t0\t9\t9\nval_0.JPEG\tn01\t0\t0\t9\t9\n"
    files = {
        **dict.fromkeys(train, b""),
        **dict.fromkeys(["test/images/test_0.JPEG", "val/images/val_0.JPEG"], b""),
        "val/images/val_1.JPEG": b"",
        "val/val_annotations.txt": lines,
        "words.txt": "n01\tcat",
        "train/n01/n01_boxes.txt": "",
    }
    path = packed(tmp_path, files, package)
    classes, ours, theirs = found(path)
    assert classes == ("n01", "n02")
    assert ours == {name: name.split("/")[1] for name in train}
    assert theirs == {
        "val/images/val_0.JPEG": "n01",
        "val/images/val_1.JPEG": "n02",
    }
    made = arrange([Tree(path)])
    assert made.shown == [
        "data: 2 classes (training+test images): n01 3+1, n02 3+1",
        "data: labels: folders and val_annotations.txt; split: train and val",
        "data: test: 1 images not read",
        "data: 2 files are not images: train/n01/n01_boxes.txt, words.txt",
    ]


def test_a_caption_file_is_no_list_of_labels(tmp_path):
    names = images("a", "b")
    files = {**dict.fromkeys(names, b""), "metadata.csv": "file_name,text\n0.png,x\n"}
    path = packed(tmp_path, files, "folder")
    assert found(path)[0] == ("a", "b")
    assert "data: 1 files are not images: metadata.csv" in arrange([Tree(path)]).shown


def test_two_trees(tmp_path):
    sides = (
        (images("w/cat", "w/dog"), images("cat")),
        (images("cat", "dog"), images("v/dog", "v/cat")),
        (images("w/cat", "w/dog"), images("v/dog")),
    )
    for i, (train, test) in enumerate(sides):
        trees = [
            Tree(packed(tmp_path / f"{i}{side}", names, "zip"))
            for side, names in enumerate((train, test))
        ]
        made = arrange(trees)
        assert made.classes == ("cat", "dog")
        for split, names in ((made.train, train), (made.test, test)):
            labels = {x.name: made.classes[x.label] for x in split}
            assert labels == classes_of(names)


NAMES = st.sampled_from(
    ["train", "Test", "val", "extra", "toy_train", "toy_test", "images", "cat", "Cat",
     "dog", COMPOSED, DECOMPOSED, ".hidden"]
)  # fmt: skip
FILES = st.sampled_from(["0.png", "1.png", "2.JPG", "x.txt", "labels.csv"])
TREES = st.lists(
    st.tuples(st.lists(NAMES, max_size=3), FILES).map(
        lambda x: "/".join([*x[0], x[1]])
    ),
    min_size=1,
    max_size=12,
    unique=True,
)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(names=TREES, outer=st.sampled_from(["", "d", "x/y"]), seed=st.integers(0, 3))
def test_every_packaging_gives_the_same(names, outer, seed):
    def result(path, start):
        try:
            made = arrange([Tree(path)], seed=seed)
        except BadInput as error:
            return str(error).split(":", 1)[1].replace(start, "")
        files = [
            [(x.name.removeprefix(start), x.label) for x in split]
            for split in (made.train, made.test)
        ]
        return made.classes, files, made.rule, made.digest

    contents = dict.fromkeys(names, "file,label\n0.png,a\n")
    with tempfile.TemporaryDirectory() as place:
        folder = result(packed(place, contents, "folder"), "\0")
        for package in ("zip", "tar"):
            path = packed(place, contents, package, outer)
            assert result(path, f"{outer}/" if outer else "\0") == folder


@given(
    labels=st.lists(st.integers(0, 3), min_size=2, max_size=40),
    size=st.floats(0.01, 0.99),
    seed=st.integers(0, 5),
)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_held_out_images_are_a_share_of_each_class(labels, size, seed):
    names = [f"{i}.png" for i in range(len(labels))]
    counts = np.bincount(labels)
    if counts.max() == 1:
        return
    held = holdout_of(names, labels, size, seed)
    taken = np.bincount(np.array(labels)[held], minlength=len(counts))
    present = counts > 0
    assert (taken[present] < counts[present]).all() and taken.sum() >= 1
    total = min(max(1, int(size * len(labels) + 1e-9)), (counts - present).sum())
    assert taken.sum() == total
    if (counts[present] * (1 - total / len(labels)) >= 1).all():  # no class is capped
        assert (abs(taken - counts * total / len(labels)) < 1).all()
    backwards = holdout_of(names[::-1], labels[::-1], size, seed)[::-1]
    np.testing.assert_array_equal(held, backwards)


def test_holdout_is_seeded_and_counts(tmp_path):
    path = packed(tmp_path, images("a", "b", count=30), "zip")
    tests = [found(path, holdout=12, seed=seed)[2] for seed in (0, 0, 1)]
    assert [sorted(t.values()) for t in tests] == [["a"] * 6 + ["b"] * 6] * 3
    assert tests[0] == tests[1] != tests[2]
    assert len(found(path, holdout=58)[2]) == 58
    for wrong in (59, 2.5):
        with pytest.raises(BadInput, match=f"data.holdout={wrong}: .*number up to 58"):
            found(path, holdout=wrong)


def test_images_without_classes_keep_the_split_of_earlier_versions(tmp_path):
    # The two names of 20 with the smallest SHA-256, by sha256sum.
    names = [f"{i}.png" for i in range(20)]
    assert set(found(packed(tmp_path, names, "folder"))[2]) == {"0.png", "6.png"}


def test_the_facts_of_the_data(tmp_path):
    files = {name: b"12" for name in images("a", "b", count=10)}
    made = arrange([Tree(packed(tmp_path / "0", files, "zip"))])
    assert made.counts == {"train": {"a": 9, "b": 9}, "test": {"a": 1, "b": 1}}
    assert (
        made.about["split"]
        == "labels: folders; split: holdout=0.1 of each class, seed 0"
    )
    digests = [made.digest]
    renamed = {name.replace("a/", "c/"): content for name, content in files.items()}
    for i, other in enumerate((renamed, {**files, "a/0.png": b"1"}), 1):
        digests.append(arrange([Tree(packed(tmp_path / str(i), other, "zip"))]).digest)
    assert len(set(digests)) == 3
