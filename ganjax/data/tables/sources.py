"""Tables as data sources: a user's file, and tables that Python packages ship."""

import dataclasses
import hashlib
import importlib.util
from pathlib import Path

import numpy as np

from ganjax.data.location import locate
from ganjax.data.source import Source, Spec
from ganjax.data.tables.columns import KINDS, Column, infer
from ganjax.data.tables.encoding import TableFormat, fitted
from ganjax.data.tables.files import Texts, read_file
from ganjax.data.tables.public import public_columns
from ganjax.data.tables.splits import encoded_split, masked_split
from ganjax.errors import BadInput, nearest, one_line
from ganjax.options import Option, configured

OPTIONS = {
    "types": Option(
        (), "types of columns, as in zip:category,age:integer; others are inferred",
        item=str,
    ),
    "public": Option(
        (), "public types and ranges of all columns; then no statistic of the rows is "
        "kept", item=str,
    ),
    "drop": Option((), "columns that are left out", item=str),
    "target": Option("", "the column that scores predict, or COLUMN>NUMBER"),
    "groups": Option((), "columns whose groups have their own scores", item=str),
    "few": Option(20, "numbers with at most so many values are categories", least=0),
    "most": Option(1000, "largest number of categories of a column", least=1),
    "holdout": Option(
        0.2, "rows of the test split: a share, or from 1 a count", above=0
    ),
    "encoding": Option(
        "modes", "numbers as modes of a mixture, or in a range",
        choices=("modes", "range"),
    ),
    "conditional": Option(True, "draw rows by conditions on categories"),
    "hide": Option(
        0.0, "share of known cells that are hidden at random, for scores", least=0,
        below=1,
    ),
}  # fmt: skip
MOST_CLASSES = 100  # of the target; trees take minutes for each hundred
DELIMITER = Option("", "delimiter of a CSV file; empty: the one that fits")


@configured(delimiter=DELIMITER, **OPTIONS)
def open_table(directory: str, **options) -> Source:
    """Open your own table: a CSV or Parquet file with a row for each example.

    ``data.dir`` is the file, or a folder that holds one. Types of columns are inferred;
    missing values are kept (`docs/data.md`).

    Args:
        directory: the value of ``data.dir``.
        options: see ``OPTIONS``.

    Raises:
        BadInput: the file cannot be read, or an option does not fit its columns.
    """
    path = locate("table", directory)
    texts = read_file(path, options.pop("delimiter", ""))
    return table_source(texts, f"table:{path.stem}", f"data.dir='{path}'", **options)


def table_source(
    texts: Texts, name: str, place: str, *, types=(), public=(), drop=(),
    target="", groups=(), few=20, most=1000, holdout=0.2, encoding="modes",
    conditional=True, hide=0.0, subset=0,
) -> Source:  # fmt: skip
    """Return the source of a table.

    Args:
        texts: the file.
        name: name of the data, for reports.
        place: the file, for messages.
        subset: the seed of the test split and of hidden cells.
        types, …: see ``OPTIONS``.

    Raises:
        BadInput: an option does not fit the columns.
    """
    kept = _kept(texts, drop, place)
    if public:
        if types:
            raise BadInput(
                f"data.types={','.join(types)}: expected no types with data.public, "
                f"which declares them"
            )
        columns = public_columns(public, kept)
    else:
        columns = _inferred(texts, kept, types, few, most, place)
    values = {x.name: x.read(texts.columns[x.name], place) for x in columns}
    _check_missing(columns, values, place)
    rows = len(texts.columns[kept[0]])
    train, test = _split(rows, holdout, subset, place)
    unfitted = bool(public) or encoding == "range"
    encoded = tuple(fitted(x, values[x.name][train], private=unfitted) for x in columns)
    column, threshold = _target(target, columns)
    form = TableFormat(
        encoded, column, threshold, _groups(groups, columns), encoding,
        conditional and not public, bool(public),
    )  # fmt: skip
    splits = []
    for seed, at in ((2 * subset, train), (2 * subset + 1, test)):
        own = {key: value[at] for key, value in values.items()}
        if encoding == "range":
            splits.append(masked_split(form, own, hide, seed))
        else:
            splits.append(encoded_split(form, own, seed))
    if hide and encoding != "range":
        raise BadInput(f"data.hide={hide}: expected data.encoding='range' with it")
    spec = Spec(name, (form.width,), form=form)
    digest = hashlib.sha256(repr(texts.columns).encode()).hexdigest()
    about = {"sha256": digest, "rows": rows, "test_rows": len(test)}
    return Source(spec, *splits, {**about, "shown": [_described(columns, rows)]})


def _check_missing(columns, values, place):
    """Raise ``BadInput`` for a missing value in a public column without one."""
    for column in columns:
        own = values[column.name]
        missing = own < 0 if column.is_category else np.isnan(own)
        if column.absent is None and missing.any():
            raise BadInput(
                f"{place}: column '{one_line(column.name, 60)}' has no value in row "
                f"{int(missing.argmax()) + 1}; a ? at the end of its declaration in "
                f"data.public allows this"
            )


def _kept(texts, drop, place):
    for name in drop:
        if name not in texts.columns:
            raise BadInput(
                f"data.drop={name}: expected a column of {place}"
                f"{nearest(name, texts.columns)}"
            )
    kept = [name for name in texts.columns if name not in drop]
    if not kept:
        raise BadInput(f"{place}: expected a column that is not in data.drop")
    return kept


def _inferred(texts, kept, types, few, most, place) -> list[Column]:
    stated = {}
    for text in types:
        name, _, kind = text.rpartition(":")
        if kind not in KINDS:
            raise BadInput(
                f"data.types={text}: expected COLUMN:TYPE, with {' or '.join(KINDS)}"
            )
        if name not in kept:
            raise BadInput(
                f"data.types={text}: expected a column of {place}{nearest(name, kept)}"
            )
        stated[name] = kind
    return [
        infer(name, texts.columns[name], stated.get(name, ""), few=few, most=most,
              place=place, stored=texts.stored.get(name, ""))
        for name in kept
    ]  # fmt: skip


def _split(rows, holdout, seed, place):
    """Return the indices of the training and of the test rows, each in order."""
    if holdout >= 1 and holdout != int(holdout):
        raise BadInput(f"data.holdout={holdout:g}: expected a share or a whole number")
    held = int(holdout) if holdout >= 1 else max(1, round(holdout * rows))
    if held >= rows:
        raise BadInput(
            f"{place}: has {rows} rows, expected more than the {held} of data.holdout"
        )
    order = np.random.default_rng(seed).permutation(rows)
    return np.sort(order[held:]), np.sort(order[:held])


def _target(target, columns):
    """Return the column and the threshold of ``data.target``."""
    known = {x.name: x for x in columns}
    name, _, limit = map(str.strip, target.rpartition(">"))
    if not name or target in known:
        name, limit = target, ""
    if name and name not in known:
        raise BadInput(f"data.target={target}: expected a column{nearest(name, known)}")
    if not limit:
        if name and not known[name].is_category:
            raise BadInput(
                f"data.target={target}: column '{name}' has numbers, expected "
                f"COLUMN>NUMBER"
            )
        if name and len(known[name].values) > MOST_CLASSES:
            raise BadInput(
                f"data.target={target}: column '{name}' has "
                f"{len(known[name].values):,} categories, expected at most "
                f"{MOST_CLASSES}"
            )
        return name, None
    if known[name].is_category:
        raise BadInput(
            f"data.target={target}: column '{name}' has categories, expected one of "
            f"them to be predicted, as data.target={name}, or data.types={name}:number"
        )
    try:
        return name, float(limit)
    except ValueError:
        raise BadInput(f"data.target={target}: expected COLUMN>NUMBER") from None


def _groups(groups, columns):
    known = {x.name: x for x in columns}
    for name in groups:
        if name not in known or not known[name].is_category:
            there = [x.name for x in columns if x.is_category]
            raise BadInput(
                f"data.groups={name}: expected a column of categories"
                f"{nearest(name, there)}"
            )
    return tuple(groups)


def _described(columns, rows):
    kinds = {}
    for column in columns:
        kinds.setdefault(column.kind, []).append(one_line(column.name, 60))
    said = "; ".join(f"{kind}: {', '.join(x)}" for kind, x in kinds.items())
    return f"data: {rows:,} rows; {said}"


def _package_file(package: str, *parts: str) -> Path:
    """Return a file that an installed package ships, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise BadInput(
            f"data.name='{Path(parts[-1]).stem}': expected {package}; install it by "
            f'pip install "ganjax[tables]"'
        )
    return Path(found.origin).parent.joinpath(*parts)


def _of_statsmodels(name, about, **defaults):
    """Return the opener of a table of statsmodels, with other defaults of options."""
    own = {
        key: dataclasses.replace(option, default=defaults.get(key, option.default))
        for key, option in OPTIONS.items()
    }

    @configured(**own)
    def opener(directory: str = "", **options) -> Source:
        path = _package_file("statsmodels", "datasets", name, f"{name}.csv")
        texts = read_file(path)
        chosen = {**defaults, **options}
        return table_source(texts, name, f"data.name='{name}'", **chosen)

    opener.__doc__ = about
    return opener


open_randhie = _of_statsmodels(
    "randhie",
    "Open the RAND health insurance experiment of statsmodels: 20,190 rows; the target "
    "is whether a person visited a doctor, and scores of groups are by health.",
    target="mdvis>0",
    groups=("hlthp",),
)
open_fair = _of_statsmodels(
    "fair",
    "Open the survey on affairs of statsmodels (Fair 1978): 6,366 rows; the target is "
    "whether a person had one, and scores of groups are by religiousness.",
    target="affairs>0",
    groups=("religious",),
)


def _of_sklearn(name):
    @configured(**OPTIONS)
    def opener(directory: str = "", **options) -> Source:
        from sklearn import datasets

        found = getattr(datasets, f"load_{name}")()
        columns = {
            text: [repr(x) for x in column.tolist()]
            for text, column in zip(found.feature_names, found.data.T, strict=True)
        }
        names = getattr(found, "target_names", None)
        target = found.target.tolist()
        columns["target"] = [
            repr(x) if names is None else str(names[x]) for x in target
        ]
        usual = {} if names is None else {"target": "target"}
        stated = {
            key: value for key, value in options.items() if value or key != "target"
        }
        place = f"data.name='table_{name}'"
        return table_source(Texts(columns, {}), name, place, **{**usual, **stated})

    opener.__doc__ = (
        f"Open the table {name} of scikit-learn; the column target is last."
    )
    return opener


TABLES = {
    "table": open_table,
    "randhie": open_randhie,
    "fair": open_fair,
    **{
        f"table_{x}": _of_sklearn(x)
        for x in ("breast_cancer", "diabetes", "digits", "iris", "wine")
    },
}
