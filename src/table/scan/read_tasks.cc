#include <cstddef>
#include <utility>

#include <arrow/record_batch.h>

#include "table/scan/scan.h"

namespace calve::table {
namespace {

class TasksReader final : public BatchReader {
 public:
  TasksReader(io::ObjectStore& store, std::vector<ScanTask> tasks, ReadOptions options)
      : store_(store), tasks_(std::move(tasks)), options_(std::move(options)) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (options_.positions) {
      return Error{ErrorKind::kInvalidArgument,
                   "positions are those of one file: read it with ReadFile"};
    }
    while (true) {
      if (file_ == nullptr && task_ == tasks_.size()) {
        return std::shared_ptr<arrow::RecordBatch>();
      }
      if (file_ == nullptr) {
        CALVE_ASSIGN(file_, ReadFile(store_, tasks_[task_], options_));
        ++task_;
      }
      CALVE_ASSIGN(auto batch, file_->Next());
      if (batch != nullptr) {
        return batch;
      }
      file_ = nullptr;
    }
  }

 private:
  io::ObjectStore& store_;  // outlives this reader
  std::vector<ScanTask> tasks_;
  ReadOptions options_;
  size_t task_ = 0;                    // the next one
  std::unique_ptr<BatchReader> file_;  // null: none is open
};

}  // namespace

std::unique_ptr<BatchReader> ReadTasks(io::ObjectStore& store,
                                       std::vector<ScanTask> tasks, ReadOptions options) {
  return std::make_unique<TasksReader>(store, std::move(tasks), std::move(options));
}

}  // namespace calve::table
