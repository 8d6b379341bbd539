"""Images of a TFDS data set that is already on disk, of any sizes."""

from pathlib import Path

from ganjax.data import prepared
from ganjax.data.location import bad_file


class RecordTree:
    """The records of a TFDS folder, with the attributes of ``ganjax.data.tree.Tree``.

    The name of a record is ``SPLIT/CLASS/NUMBER``, without the class if the data have
    no feature ``label``.

    Args:
        folder: the version folder, see ``ganjax.data.prepared.find``.

    Raises:
        BadInput: the folder cannot be read as array_record, or has no feature
            ``image``, or is damaged.
    """

    def __init__(self, folder: Path):
        import tensorflow_datasets as tfds

        prepared.verify_manifest(folder)
        self.path, self.other, self.folders = folder, [], []
        self._records = {}
        skip = {"image": tfds.decode.SkipDecoding()}
        try:
            builder = tfds.builder_from_directory(str(folder))
            features = builder.info.features
            named = getattr(features.get("label"), "names", None)
            sources = {
                split: builder.as_data_source(split=split, decoders=skip)
                for split in builder.info.splits
            }
            if "image" not in features:
                raise ValueError("no feature 'image'")
            self.title = builder.info.name
            for split, source in sources.items():
                for i in range(len(source)):
                    label = int(source[i]["label"]) if "label" in features else None
                    text = "" if label is None else str(named[label] if named else label)
                    parts = [split, text.replace("/", "_"), f"{i:09d}"]
                    self._records["/".join(filter(None, parts))] = source, i
        except Exception as error:  # a damaged or foreign file, or another format
            raise bad_file(
                folder,
                prepared.INFO,
                f"not a TFDS data set in array_record ({type(error).__name__}: {error})",
            ) from error
        self.names = sorted(self._records)
        if not self.names:
            raise bad_file(folder, prepared.INFO, "has no records")

    def read(self, name: str) -> bytes:
        """Return the bytes of the image of a record."""
        source, i = self._records[name]
        try:
            return bytes(source[i]["image"])
        except Exception as error:  # errors of array_record or protobuf
            raise bad_file(self.path, name, f"cannot be read ({error})") from error

    def size(self, name: str) -> int:
        """Return 0: the sizes of records are not stored, and the folder has a version."""
        return 0
