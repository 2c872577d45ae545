#!/usr/bin/env python3
"""Writes the manifests of this folder with PyIceberg.

Run it from the repository root with the project's Python. What it writes is read by
tests/table/manifest/foreign_manifest_test.cc, which states the rows it expects.
"""

import decimal
import pathlib
import uuid

from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (DataFile, DataFileContent, FileFormat, ManifestEntry,
                                ManifestEntryStatus, write_manifest, write_manifest_list)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (BucketTransform, DayTransform, IdentityTransform,
                                  VoidTransform)
from pyiceberg.typedef import Record
from pyiceberg.types import (BooleanType, DateType, DecimalType, DoubleType, FixedType, FloatType,
                             IntegerType, LongType, NestedField, StringType, TimestamptzType,
                             TimestampType, TimeType, UUIDType)

FOLDER = pathlib.Path(__file__).resolve().parent
IO = PyArrowFileIO()

SCHEMA = Schema(
    NestedField(1, "id", LongType()),
    NestedField(2, "at", TimestamptzType()),
    NestedField(3, "name", StringType()),
    NestedField(4, "price", DecimalType(10, 2)),
    NestedField(5, "key", UUIDType()),
    NestedField(6, "code", FixedType(3)),
    NestedField(7, "flag", BooleanType()),
    NestedField(8, "local", TimestampType()),
    NestedField(9, "clock", TimeType()),
    NestedField(10, "score", DoubleType()),
    NestedField(11, "ratio", FloatType()),
    NestedField(12, "born", DateType()),
    NestedField(13, "count", IntegerType()),
)
SPEC = PartitionSpec(
    PartitionField(1, 1000, BucketTransform(16), "id_bucket"),
    PartitionField(2, 1001, DayTransform(), "at day"),
    PartitionField(3, 1002, IdentityTransform(), "name"),
    PartitionField(4, 1003, IdentityTransform(), "price"),
    PartitionField(5, 1004, IdentityTransform(), "key"),
    PartitionField(6, 1005, IdentityTransform(), "code"),
    PartitionField(7, 1006, IdentityTransform(), "flag"),
    PartitionField(8, 1007, IdentityTransform(), "local"),
    PartitionField(9, 1008, IdentityTransform(), "clock"),
    PartitionField(10, 1009, IdentityTransform(), "score"),
    PartitionField(11, 1010, IdentityTransform(), "ratio"),
    PartitionField(12, 1011, IdentityTransform(), "born"),
    PartitionField(13, 1012, VoidTransform(), "count_void"),
    spec_id=3,
)
VALUES = Record(7, 19753, "a/b ü", decimal.Decimal("-12.50"),
                uuid.UUID("0b1d6a86-5ec1-4c39-9a0c-2a4f5f4f8a11"), b"\x00\x7f\xff", True,
                1706745599123456, 86399000001, 1.5, -0.25, -1, None)
NULLS = Record(*[None] * 13)


def data_file(path, partition, **more):
    """A data file with a few figures."""
    return DataFile.from_args(
        content=DataFileContent.DATA, file_path=path, file_format=FileFormat.PARQUET,
        partition=partition, record_count=3, file_size_in_bytes=1234, **more)


def write(version, name):
    """Writes a manifest and its list with one added, one existing, one deleted file."""
    manifest_path = FOLDER / f"{name}-manifest.avro"
    full = data_file(
        "file:///lake/a.parquet", VALUES, column_sizes={1: 40, 3: 60}, value_counts={1: 3, 3: 3},
        null_value_counts={1: 0, 3: 1}, nan_value_counts={10: 2},
        lower_bounds={1: b"\x01" + bytes(7), 3: b"a"}, upper_bounds={1: b"\x03" + bytes(7), 3: b"z"},
        split_offsets=[4, 400], sort_order_id=2)
    empty = data_file("file:///lake/b.parquet", NULLS)
    old = {} if version == 1 else {"sequence_number": 5, "file_sequence_number": 6}
    with write_manifest(version, SPEC, SCHEMA, IO.new_output(str(manifest_path)), 77, "deflate") as out:
        out.add(ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=77, data_file=full))
        out.existing(ManifestEntry.from_args(snapshot_id=60, data_file=empty, **old))
        out.delete(ManifestEntry.from_args(snapshot_id=77, data_file=empty, **old))
    manifest = out.to_manifest_file()
    manifest[0] = f"file:///lake/{manifest_path.name}"
    list_path = FOLDER / f"{name}-list.avro"
    with write_manifest_list(version, IO.new_output(str(list_path)), 77, 60, 9, "deflate") as out:
        out.add_manifests([manifest])


def main():
    """Writes every file."""
    write(1, "v1")
    write(2, "v2")


if __name__ == "__main__":
    main()
