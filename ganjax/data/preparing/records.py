"""Images of a TFDS data set that is already on disk, of any sizes."""

import json
from pathlib import Path

from ganjax.data import prepared
from ganjax.data.location import bad_file

LABELS = "dataset.json"


class RecordTree:
    """The images of a TFDS folder, with the methods of ``ganjax.data.tree.Tree``, so
    that they can be arranged and read like files.

    The name of an image is ``SPLIT/NUMBER``. A file ``dataset.json``, which exists only
    here, lists the labels.

    Args:
        folder: the version folder of the data set.

    Raises:
        BadInput: the folder cannot be read as array_record, or has no feature
            ``image``, or is damaged.
    """

    def __init__(self, folder: Path):
        import tensorflow_datasets as tfds

        prepared.verify_manifest(folder)
        self.path, self.other, self.folders = folder, [LABELS], []
        self._records, self._labels = {}, []
        skip = {"image": tfds.decode.SkipDecoding()}
        try:
            builder = tfds.builder_from_directory(str(folder))
            features = builder.info.features
            labelled = "label" in features
            named = getattr(features["label"], "names", None) if labelled else None
            sources = {
                split: builder.as_data_source(split=split, decoders=skip)
                for split in builder.info.splits
            }
            if "image" not in features:
                raise ValueError("its records have no feature 'image'")
            for split, source in sources.items():
                for i in range(len(source)):
                    name = f"{split}/{i:09d}"
                    self._records[name] = source, i
                    if labelled:
                        label = int(source[i]["label"])
                        self._labels.append((name, named[label] if named else label))
        except Exception as error:  # a damaged or foreign file, or another format
            problem = f"{type(error).__name__}: {error}"
            problem = f"not a TFDS data set in array_record ({problem})"
            raise bad_file(folder, prepared.INFO, problem) from error
        self.names = sorted(self._records)
        if not self.names:
            raise bad_file(folder, prepared.INFO, "has no records")

    def read(self, name: str) -> bytes:
        """Return the bytes of an image, or of the list of labels if ``name`` is
        ``dataset.json``. Raise BadInput if a record cannot be read."""
        if name == LABELS:
            return json.dumps({"labels": self._labels or None}).encode()
        source, i = self._records[name]
        try:
            return bytes(source[i]["image"])
        except Exception as error:  # errors of array_record or protobuf
            raise bad_file(self.path, name, f"cannot be read ({error})") from error

    def size(self, name: str) -> int:
        """Return 0: TFDS does not store the sizes of records."""
        return 0
