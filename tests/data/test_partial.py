import jax
import numpy as np
import pytest

from ganjax.config import resolve
from ganjax.data import Arrays, Source, Spec, make_feed, open_source, samples
from ganjax.data.partial import of_classes, partly_labelled, some_of
from ganjax.errors import BadInput


def source(n=60):
    """A source: all pixels of image i are i, and its label is i mod 3."""
    label = np.arange(n, dtype=np.int32) % 3
    data = np.broadcast_to(np.arange(n)[:, None, None, None], (n, 2, 2, 1))
    split = Arrays(data.astype(np.uint8), label)
    return Source(Spec("flat", (2, 2, 1), ("a", "b", "c")), split, split)


def values(images):
    """The indices of images."""
    return np.rint((np.asarray(images)[:, 0, 0, 0] + 1) * 127.5).astype(int)


def test_training_samples_are_of_the_classes_and_the_test_split_of_all():
    part = of_classes(source(), (0, 2))
    assert set(part.train.label) == {0, 2} and len(part.train) == 40
    np.testing.assert_array_equal(part.train.data[:, 0, 0, 0] % 3, part.train.label)
    assert set(part.test.label) == {0, 1, 2}
    assert part.spec.normal == (0, 2) and part.spec.name == "flat:0,2"


def test_few_labels_are_known_as_many_of_each_class():
    part = partly_labelled(source(), 6)
    assert part.spec.fields == ("data", "labelled", "known")
    batch = samples(part.train, jax.random.split(jax.random.key(0), 3000))
    labelled = values(batch["labelled"])
    np.testing.assert_array_equal(labelled % 3, batch["known"])
    few = np.unique(labelled)
    assert len(few) == 6 and (np.bincount(few % 3) == 2).all()
    # All 60 samples are equally likely, so 3,000 draws contain every sample.
    assert len(np.unique(values(batch["data"]))) == 60
    assert len(make_feed(part.train, batch_size=4, rounds=1).data) == 3


def test_the_choice_is_seeded():
    def chosen(**how):
        return partly_labelled(source(), 6, **how).train.arrays[1][:, 0, 0, 0]

    np.testing.assert_array_equal(chosen(), chosen(subset=0))
    assert (chosen(subset=1) != chosen(subset=2)).any()


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("digits", {"labels": 15}, "data.labels=15: expected a multiple of the 10"),
        ("digits", {"labels": 10_000}, "expected no more labels of a class"),
        (
            "digits",
            {"classes": (3, 11)},
            "data.classes=3,11: expected different",
        ),
        ("digits", {"classes": (3, 3)}, "expected different labels"),
        ("ring8", {"classes": (3,)}, "expected samples that are stored one by one"),
        ("unpaired", {"labels": 8}, "data.labels=8: expected a multiple of the 0"),
    ],
)
def test_what_there_is_not_is_refused(name, options, said):
    with pytest.raises(BadInput, match=said):
        open_source(name, **options)


def test_a_larger_part_holds_a_smaller_one():
    source = open_source("digits")
    few, many = (some_of(source, n, subset=3) for n in (5, 50))
    assert (few.data.shape[0], many.data.shape[0]) == (5, 50)
    np.testing.assert_array_equal(few.data, many.data[:5])
    np.testing.assert_array_equal(few.label, many.label[:5])
    assert (few.data != some_of(source, 5, subset=4).data).any()
    with pytest.raises(BadInput, match="data.limit=9999: expected at most the"):
        some_of(source, 9999)
    with pytest.raises(BadInput, match="data.limit: expected samples that are stored"):
        some_of(open_source("ring8"), 5)


def numbered(count=12):
    """A source whose classes are the sorted texts of numbers: 0, 1, 10, 11, 2, …"""
    names = tuple(sorted(map(str, range(count))))
    label = np.arange(count, dtype=np.int32)
    split = Arrays(label[:, None, None, None].astype(np.uint8), label)
    return Source(Spec("numbered", (1, 1, 1), names), split, split)


def test_a_value_that_is_a_name_means_the_class_of_this_name():
    for value in (2, "2"):
        part = of_classes(numbered(), (value,))
        assert list(part.train.label) == [4]  # the fifth name in 0, 1, 10, 11, 2
        assert part.spec.normal == (4,)
        assert part.about["shown"] == ["data: data.classes=2 means 2 (label 4)"]


def test_other_values_are_labels_and_names():
    part = of_classes(source(), (2, "a"))
    assert set(part.train.label) == {0, 2} and part.spec.normal == (2, 0)
    assert part.about["shown"] == [
        "data: data.classes=2,a means c (label 2), a (label 0)"
    ]
    with pytest.raises(BadInput, match="data.classes=2,c: expected different"):
        of_classes(source(), (2, "c"))
    with pytest.raises(BadInput, match="data.classes=airplan: .*mean 'airplane'"):
        spec = Spec("planes", (1, 1, 1), ("airplane", "bird"))
        of_classes(Source(spec, source().train, source().test), ("airplan",))


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("3,5", (3, 5)),
        ("(3,)", (3,)),
        ("[3, 'cat']", (3, "cat")),
        ("010", ("010",)),
        ("big cat (old)", ("big cat (old)",)),
        ("", ()),
    ],
)
def test_classes_on_a_command_line_and_in_a_file(text, classes):
    def resolved(stated, overrides=None):
        stated = {"game": "ganomaly", "data": {"name": "digits", **stated}}
        return resolve(stated, overrides).data.classes

    assert resolved({}, {"data.classes": text}) == classes
    assert resolved({"classes": classes}) == classes
    assert resolved({"classes": [str(x) for x in classes]}) == classes


@pytest.mark.parametrize("classes", [(0.5,), 3, (True,)])
def test_values_that_are_no_classes(classes):
    with pytest.raises(BadInput, match="expected classes by name or number"):
        resolve({"game": "ganomaly", "data": {"name": "digits", "classes": classes}})
    with pytest.raises(BadInput, match="data.classes=-1: expected different labels"):
        open_source("digits", classes=(-1,))


def test_the_facts_of_the_data_stay_with_a_part():
    facts = {"digest": "x", "shown": ["line"]}
    whole = Source(source().spec, source().train, source().test, facts)
    assert of_classes(whole, ("a",)).about["digest"] == "x"
    assert of_classes(whole, ("a",)).about["shown"][0] == "line"
    assert partly_labelled(whole, 6).about == facts
