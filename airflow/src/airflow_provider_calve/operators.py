"""Calve's steps as tasks. Each may be repeated, cleared or killed at any moment: Calve's tables
carry their own progress, so a repeat adds nothing."""

import functools

from airflow.sdk import Asset, BaseOperator, conf
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_calve.assets import table_of
from airflow_provider_calve.hook import CalveHook
from airflow_provider_calve.lineage import file_datasets, lineage, table_dataset

FOUND_SOMETHING = 4  # exit code of verify where a table differs
OWN_INTERVAL = ("scheduled", "backfill")  # types of runs whose interval no other run has


class CalveOperator(BaseOperator):
    """What the operators share: the connection, the image, outlets, the end.

    With `image` the task runs that container image's `calve` instead of the worker's program.
    """

    template_fields = ("calve_conn_id", "image")
    ui_color = "#d9edf7"

    def __init__(self, *, calve_conn_id=CalveHook.default_conn_name, image=None, **kwargs):
        super().__init__(**kwargs)
        self.calve_conn_id = calve_conn_id
        self.image = image

    @functools.cached_property
    def hook(self):
        """The hook that runs this task's program."""
        return CalveHook(self.calve_conn_id, self.image)

    def on_kill(self):
        """Stops the program when the task is killed, times out or is marked."""
        self.hook.stop()

    def publish(self, context, rows=None):
        """Tells of each table among the outlets which snapshot it has now; `rows` are those
        written, by table."""
        self._written = {}
        for outlet in self.outlets:
            table = table_of(outlet) if isinstance(outlet, Asset) else None
            if table is None:
                continue
            state = self.hook.table(table)
            self._written[table] = (state, (rows or {}).get(table))
            context["outlet_events"][outlet].extra = {
                "table": state.name, "snapshot_id": state.snapshot_id, "uuid": state.uuid,
                "location": state.location, "rows": state.rows}

    def tables_for_lineage(self, assets):
        """OpenLineage's datasets of the tables among some assets."""
        written = getattr(self, "_written", {})
        datasets = []
        for asset in assets:
            if table := table_of(asset):
                state, rows = written.get(table) or (self.hook.table(table), None)
                datasets.append(table_dataset(state, self.hook.columns(table), rows))
        return datasets

    def get_openlineage_facets_on_complete(self, task_instance):
        """Inputs are the tables among the inlets, outputs those among the outlets."""
        return lineage(self.tables_for_lineage(self.inlets), self.tables_for_lineage(self.outlets))

    def get_openlineage_facets_on_failure(self, task_instance):
        """Nothing: what a failed task wrote, a later one tells of."""
        return lineage([], [])


class CalveExtractOperator(CalveOperator):
    """Writes what is new in the audit log to landing files; returns their keys.

    The data interval is a label, by which a repeat finds the files of the first time; what is new
    is decided by what the source's transactions made visible. A run without an interval of its
    own (triggered by hand, by an asset) is labelled by when it was to run.

    Each key is a task of its own, unless `files_per_task` says otherwise, or there are more than
    Airflow maps a task over (`[core] max_map_length`, 1,024): then it returns lists of keys, as
    short as that limit allows.

    :param batch_size: rows of a file at most (default: as configured)
    :param files_per_task: how many keys a mapped task gets at least (default: 1)
    :param target_bucket: where the files go (default: as configured)
    :param target_prefix: what their keys start with
    :param window: extract by `audit_timestamp` within the interval, again: a backfill
    """

    template_fields = (*CalveOperator.template_fields, "batch_size", "files_per_task",
                       "target_bucket", "target_prefix", "window")

    def __init__(self, *, batch_size=None, files_per_task=1, target_bucket=None,
                 target_prefix=None, window=False, **kwargs):
        super().__init__(**kwargs)
        self.batch_size = batch_size
        self.files_per_task = files_per_task
        self.target_bucket = target_bucket
        self.target_prefix = target_prefix
        self.window = window

    def execute(self, context):
        start, end = interval_label(context)
        files_per_task = _count("files_per_task", self.files_per_task)
        if is_true(self.window) and start == end:
            raise AirflowFailException(
                f"the data interval of DAG {self.dag_id} is empty, so window=True finds nothing;"
                " schedule it by CronDataIntervalTimetable: a cron string makes empty intervals")
        answer = self.hook.run(
            "extract", "--data-interval-start", start.isoformat(),
            "--data-interval-end", end.isoformat(),
            *options({"--batch-size": self.batch_size, "--target-bucket": self.target_bucket,
                      "--target-prefix": self.target_prefix}),
            *(["--window"] if is_true(self.window) else []))
        self._keys = answer["extracted_files"]
        self.publish(context)
        return mappable(self._keys, conf.getint("core", "max_map_length", fallback=1024),
                        files_per_task)

    def get_openlineage_facets_on_complete(self, task_instance):
        """Outputs are the landing files."""
        return lineage([], file_datasets(getattr(self, "_keys", []), self.target_bucket))


class CalveIngestOperator(CalveOperator):
    """Adds a landing file to the landing table, once: `.partial(…).expand(key=extract.output)`.

    Returns `{"total_rows": n, "keys": […]}`; a file that is in the table already adds 0. No keys
    make no task; tasks behind this one therefore want the trigger rule `none_failed`.

    :param key: the file's key as `extract` returned it, or a list of keys
    :param source_bucket: where the file is (default: as configured)
    :param target_table: the landing table (default: the one that the models read)
    """

    template_fields = (*CalveOperator.template_fields, "key", "source_bucket", "target_table")

    def __init__(self, *, key, source_bucket=None, target_table=None, **kwargs):
        super().__init__(**kwargs)
        self.key = key
        self.source_bucket = source_bucket
        self.target_table = target_table

    def execute(self, context):
        words = options({"--source-bucket": self.source_bucket,
                         "--target-table": self.target_table})
        total = sum(self.hook.run("ingest", f"--s3-key={key}", *words)["total_rows"]
                    for key in self._keys)
        tables = {table_of(outlet) for outlet in self.outlets}
        self.publish(context, rows=dict.fromkeys(tables, total))
        return {"total_rows": total, "keys": self._keys}

    def get_openlineage_facets_on_complete(self, task_instance):
        """Inputs are the landing files, outputs the tables among the outlets."""
        return lineage(file_datasets(self._keys, self.source_bucket),
                       self.tables_for_lineage(self.outlets))

    @property
    def _keys(self):
        keys = [self.key] if isinstance(self.key, str) else self.key
        if not isinstance(keys, (list, tuple)) or not all(isinstance(key, str) for key in keys):
            raise AirflowFailException("key must be a landing file's key or a list of them, but is"
                                       f" {type(self.key).__name__}")
        return list(keys)


class CalveTransformOperator(CalveOperator):
    """Brings staging and marts up to the landing table; returns Calve's answer.

    :param select: models: names, layers, `+name`, `name+`, one text or a list (default: all)
    :param engine: `native`, or `trino`: the dbt project on Trino
    :param full_refresh: build the models again from their upstream
    """

    template_fields = (*CalveOperator.template_fields, "select", "engine", "full_refresh")

    def __init__(self, *, select=None, engine="native", full_refresh=False, **kwargs):
        super().__init__(**kwargs)
        self.select = select
        self.engine = engine
        self.full_refresh = full_refresh

    def execute(self, context):
        answer = self.hook.run(
            "transform",
            *options({"--select": selection(self.select), "--engine": self.engine}),
            *(["--full-refresh"] if is_true(self.full_refresh) else []))
        self.publish(context, rows={model["table"]: model["inserted"]
                                    for model in answer.get("models", [])})
        return answer


class CalveVerifyOperator(CalveOperator):
    """Holds every table against the audit log; fails if one differs. Returns the counts.

    :param select: models (default: landing and all)
    :param live: also the source tables themselves against the current marts
    """

    template_fields = (*CalveOperator.template_fields, "select", "live")

    def __init__(self, *, select=None, live=False, **kwargs):
        super().__init__(**kwargs)
        self.select = select
        self.live = live

    def execute(self, context):
        answer = self.hook.run(
            "verify", *options({"--select": selection(self.select)}),
            *(["--live"] if is_true(self.live) else []), accept={FOUND_SOMETHING})
        for table in answer["tables"]:
            self.log.info("%s", ", ".join(f"{name} {value}" for name, value in table.items()))
        if not answer["verify"]["equal"]:
            raise AirflowException("tables differ from the audit log, as counted above; `calve"
                                   " verify` names the keys")
        return {"verify": answer["verify"], "tables": answer["tables"]}


def interval_label(context):
    """Start and end of the interval that labels a run's extraction: the same however often a task
    of the run is repeated, and no other run's.

    A run that was triggered, by hand or by another DAG, has the interval of the schedule before it,
    which is that of another run; its own reaches from there to when it was to run.
    """
    run = context["dag_run"]
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        return run.run_after, run.run_after
    if run.run_type in OWN_INTERVAL:
        return start, end
    return min(end, run.run_after), run.run_after


def mappable(keys, limit, per_task=1):
    """Keys as a list of at most `limit` that a task can be mapped over: itself, or lists of
    `per_task` keys, or of more where the limit asks for it."""
    length = max(per_task, -(-len(keys) // limit))
    if length == 1:
        return keys
    return [keys[at:at + length] for at in range(0, len(keys), length)]


def _count(name, value):
    """A number above 0, also one that a template made text of. Raises AirflowFailException."""
    try:
        count = int(value)
    except (TypeError, ValueError):
        count = 0
    if count < 1:
        raise AirflowFailException(f"{name} must be a whole number above 0, but is '{value}'")
    return count


def is_true(value):
    """Whether a flag is on, also one that a template made text of. Raises AirflowFailException
    for another word."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word not in ("true", "false", ""):
            raise AirflowFailException(f"a flag must be true or false, but is '{value}'")
        return word == "true"
    return bool(value)


def options(values):
    """Options that have a value, as words of a command line. A value is one word with its option,
    so that none is taken for an option itself."""
    return [f"{name}={value}" for name, value in values.items() if value not in (None, "")]


def selection(models):
    """Models to select, one text or a list of them, as one word."""
    return models if models is None or isinstance(models, str) else " ".join(models)
