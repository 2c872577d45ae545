"""What a task read and wrote, for OpenLineage. Nothing happens where its provider is missing."""

import urllib.parse


def lineage(inputs, outputs):
    """Airflow's OperatorLineage of these datasets; None without the OpenLineage provider."""
    try:
        from airflow.providers.openlineage.extractors import OperatorLineage
    except ImportError:
        return None
    return OperatorLineage(inputs=inputs, outputs=outputs)


def table_dataset(state, columns, rows=None):
    """An Iceberg table by its location, as OpenLineage names tables of S3, with schema, version
    (the snapshot's id), the catalog's name of it, and `rows` written (None: unknown)."""
    from airflow.providers.common.compat.openlineage import facet
    from openlineage.client.facet_v2 import dataset_version_dataset

    facets = {
        "schema": facet.SchemaDatasetFacet(fields=[
            facet.SchemaDatasetFacetFields(name=name, type=kind) for name, kind in columns]),
        "symlinks": facet.SymlinksDatasetFacet(identifiers=[
            facet.Identifier(namespace="iceberg", name=state.name, type="TABLE")]),
    }
    if state.snapshot_id is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=str(state.snapshot_id))
    namespace, name = _place(state.location)
    return facet.OutputDataset(namespace=namespace, name=name, facets=facets, outputFacets={
        "outputStatistics": facet.OutputStatisticsOutputDatasetFacet(rowCount=rows)})


def file_datasets(keys, bucket):
    """Landing files by bucket and key; those of the configured landing place, whose bucket the
    task does not know, by the key alone."""
    from airflow.providers.common.compat.openlineage import facet

    namespace = f"s3://{bucket}" if bucket else "calve"
    return [facet.Dataset(namespace=namespace, name=key) for key in keys]


def _place(location):
    """OpenLineage's namespace and name of a location."""
    parts = urllib.parse.urlsplit(location)
    if parts.scheme in ("", "file"):
        return "file", parts.path
    return f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/")
