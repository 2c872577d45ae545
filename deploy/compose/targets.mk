# The stack in containers: docs/containers.md. CONTAINERS=docker or podman; what is found first,
# unless you say. PROFILES=calve also runs the pipeline itself.
CONTAINERS ?= $(notdir $(shell command -v docker || command -v podman || echo docker))
COMPOSE ?= $(if $(filter podman,$(CONTAINERS)),podman-compose,$(CONTAINERS) compose)
setting = $(shell sed -n 's/^$(1)=//p' deploy/compose/.env 2>/dev/null)
BASE_IMAGE ?= $(or $(call setting,BASE_IMAGE),docker.io/library/debian:12-slim)
CALVE_TAG ?= $(or $(call setting,CALVE_TAG),latest)
# More words for each build: --network host, --build-context …
BUILD_FLAGS ?=
PROFILES ?=
# More words for compose, a second file perhaps, and for each of its runs.
COMPOSE_FLAGS ?=
RUN_FLAGS ?= --rm

stack = BASE_IMAGE=$(BASE_IMAGE) CALVE_TAG=$(CALVE_TAG) $(COMPOSE) \
  -f deploy/compose/docker-compose.yaml $(COMPOSE_FLAGS)
stack_tools = $(stack) --profile calve --profile tools
build_image = $(CONTAINERS) build --build-arg BASE=$(BASE_IMAGE) $(BUILD_FLAGS)
build_calve = $(build_image) -f deploy/docker/calve.Dockerfile

.PHONY: up down build-all-containers calve-build extractor-build iceberg-ingestor-build \
  data-generator-build airflow-build trino-init generate-data orders-build-insert \
  truncate-audit-logs truncate-trino

up: build-all-containers ## Start the stack in containers (PROFILES=calve: with the pipeline)
	@$(stack) $(addprefix --profile ,$(PROFILES)) up --detach

down: ## Stop it and remove its data
	@$(stack_tools) down --volumes --remove-orphans

build-all-containers: calve-build extractor-build iceberg-ingestor-build data-generator-build airflow-build ## Build all of our images

calve-build: ## The image calve
	@$(build_calve) --target calve -t calve:$(CALVE_TAG) .

extractor-build: ## The image audit-log-extractor
	@$(build_calve) --target audit-log-extractor -t audit-log-extractor:$(CALVE_TAG) .

iceberg-ingestor-build: ## The image iceberg-ingestor
	@$(build_calve) --target iceberg-ingestor -t iceberg-ingestor:$(CALVE_TAG) .

data-generator-build: ## The image data-generator
	@$(build_calve) --target data-generator -t data-generator:$(CALVE_TAG) .

airflow-build: calve-build ## The image calve-airflow
	@$(build_image) --build-arg CALVE=calve:$(CALVE_TAG) -f deploy/docker/airflow.Dockerfile \
	  -t calve-airflow:$(CALVE_TAG) .

trino-init: ## Make the schemas landing, staging and marts in the stack's Trino
	@$(stack) run $(RUN_FLAGS) trino-init

generate-data: ## Make 100 orders with their updates and deletes, as a file in the stack
	@$(stack_tools) run $(RUN_FLAGS) data-generator --obj-type order --num-records 100 \
	  --output-file /data/orders.csv

orders-build-insert: data-generator-build ## Build the loader and load these orders into the source
	@$(stack_tools) run $(RUN_FLAGS) data-generator --source-files /data/orders.csv --batch-size 1000

truncate-audit-logs: ## Empty the stack's audit log and begin a new epoch
	@$(stack_tools) run $(RUN_FLAGS) calve reset source --yes

truncate-trino: ## Drop the stack's Iceberg tables and their progress
	@$(stack_tools) run $(RUN_FLAGS) calve reset tables --landing --yes
