#include "flow/verify.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "flow/mart_rows.h"
#include "flow/retry.h"
#include "flow/verify_input.h"
#include "flow/verify_marts.h"

namespace calve::flow {
namespace {

using contract::Model;
using contract::ModelKind;
using Ids = std::vector<int64_t>;

constexpr const char* kBehindCut = "came after the cut";
constexpr const char* kPurged = "purged from the audit log";
constexpr const char* kConflict = "id_conflict";
constexpr const char* kQuarantined = "in quarantine";

bool Has(const Ids& sorted, int64_t id) {
  return std::binary_search(sorted.begin(), sorted.end(), id);
}

void Sort(Ids& ids) {
  std::sort(ids.begin(), ids.end());
}

/// What is known of the keys of a bucket.
struct KeyNotes {
  std::set<std::string> changed_behind_cut;
  std::set<std::string> doubtful;
  std::set<std::string> purged;
};

class Verifier {
 public:
  Verifier(const Pipeline& pipeline, const VerifyRequest& request, Progress& progress)
      : pipeline_(pipeline), request_(request), progress_(progress) {}

  Result<VerifyReport> Run() {
    CALVE_ASSIGN(selected_, contract::Select(pipeline_.project, request_.select));
    CALVE_ASSIGN(in_, RetryOnConflict(kReadAttempts, [&] {
                   return ReadVerifyInput(pipeline_, request_, selected_, progress_);
                 }));
    report_.cut = fmt::format("{} {}", capture::CursorModeName(in_->state.cut.mode),
                              capture::SnapshotText(in_->state.cut.covered));
    report_.audit_rows = in_->audit_rows;
    report_.beyond_rows = in_->beyond_rows;
    CALVE_TRY(CompareEvents());
    CALVE_TRY(CompareMarts());
    return std::move(report_);
  }

 private:
  bool IsSelected(const Model* model) const {
    return std::find(selected_.begin(), selected_.end(), model) != selected_.end();
  }

  TableProof ProofOf(const std::string& table, std::string against) const {
    TableProof proof;
    proof.table = table;
    proof.against = std::move(against);
    return proof;
  }

  void Report(const Model* model, TableProof proof) {
    if (model == nullptr || !IsMart(*model)) {
      proof.set_aside.erase(kBehindCut);  // The report counts them once.
    }
    const bool wanted = model == nullptr ? request_.select.empty() : IsSelected(model);
    if (wanted) {
      report_.tables.push_back(std::move(proof));
    }
  }

  Status CompareEvents() {
    for (TableRows& found : in_->tables) {
      const Model* model = found.table->model;
      if (model == nullptr) {
        CALVE_TRY(CompareLanding(found));
      } else if (model->kind == ModelKind::kDedupe) {
        CALVE_TRY(CompareStaged(found));
      } else if (model->kind == ModelKind::kFlatten) {
        CALVE_TRY(CompareFlattened(found));
      }
    }
    return {};
  }

  bool IsQuarantined(int64_t event_id) const {
    return std::any_of(in_->quarantined.begin(), in_->quarantined.end(),
                       [&](const auto& ids) { return Has(ids.second, event_id); });
  }

  /// Why events of the audit log and of a table that keeps them may differ.
  std::string EventReason(const RowPrint* expected, const RowPrint* found) const {
    if (found == nullptr) {
      return expected->Is(kBeyondCut) ? kBehindCut : "";
    }
    if (Has(in_->conflicts, found->event_id)) {
      return kConflict;
    }
    if (expected == nullptr) {
      return found->event_id < in_->least_id ? kPurged : "";
    }
    // An event that the landing table can't hold stands there under a mark.
    return IsQuarantined(found->event_id) ? kQuarantined : "";
  }

  CompareRules EventRules() const {
    return {.by_event = true,
            .repeats_allowed = false,
            .set_aside =
                [this](const RowPrint* expected, const RowPrint* found) {
                  return EventReason(expected, found);
                },
            .max_examples = request_.max_examples};
  }

  Status CompareLanding(TableRows& landing) {
    TableProof proof = ProofOf(landing.table->name, "the audit log");
    CompareRules rules = EventRules();
    rules.repeats_allowed = true;
    for (size_t bucket = 0; bucket < in_->buckets; ++bucket) {
      CALVE_ASSIGN(auto expected, in_->audit->Load(bucket));
      CALVE_ASSIGN(auto found, landing.spool.Load(bucket));
      NoteLanded(expected, found);
      CompareBucket(std::move(expected), std::move(found), landing.layout, rules, proof);
    }
    Sort(landed_early_);
    report_.beyond_landed = static_cast<int64_t>(landed_early_.size());
    Report(nullptr, std::move(proof));
    return {};
  }

  /// Events after the cut that a backfill has landed already.
  void NoteLanded(const std::vector<RowPrint>& expected,
                  const std::vector<RowPrint>& found) {
    Ids beyond;
    for (const RowPrint& print : expected) {
      if (print.Is(kBeyondCut)) {
        beyond.push_back(print.event_id);
      }
    }
    Sort(beyond);
    std::set<int64_t> landed;
    for (const RowPrint& print : found) {
      if (Has(beyond, print.event_id)) {
        landed.insert(print.event_id);
      }
    }
    landed_early_.insert(landed_early_.end(), landed.begin(), landed.end());
  }

  Status CompareStaged(TableRows& staged) {
    TableProof proof = ProofOf(staged.table->name, "the audit log");
    const CompareRules rules = EventRules();
    for (size_t bucket = 0; bucket < in_->buckets; ++bucket) {
      CALVE_TRY(CompareSpools(*in_->audit, staged, bucket, rules, proof));
    }
    Report(staged.table->model, std::move(proof));
    return {};
  }

  /// A bucket whose counts and checksums are equal is not read again.
  static Status CompareSpools(PrintSpool& expected, TableRows& found, size_t bucket,
                              const CompareRules& rules, TableProof& proof) {
    if (expected.rows(bucket) == found.spool.rows(bucket) &&
        expected.checksum(bucket) == found.spool.checksum(bucket)) {
      ++proof.buckets;
      proof.rows += found.spool.rows(bucket);
      proof.expected_rows += found.spool.rows(bucket);
      return {};
    }
    CALVE_ASSIGN(auto expected_rows, expected.Load(bucket));
    CALVE_ASSIGN(auto found_rows, found.spool.Load(bucket));
    CompareBucket(std::move(expected_rows), std::move(found_rows), found.layout, rules,
                  proof);
    return {};
  }

  Status CompareFlattened(TableRows& found) {
    const Model& model = *found.table->model;
    FlattenedEvents& events = in_->FlattenedOf(model.name);
    TableProof proof = ProofOf(found.table->name, "the audit log, cast by the contract");
    const Ids& quarantined = in_->quarantined[model.name];
    CompareRules rules = EventRules();
    rules.set_aside = [&](const RowPrint* expected, const RowPrint* row) -> std::string {
      if (row == nullptr && Has(quarantined, expected->event_id)) {
        in_quarantine_.push_back(expected->event_id);
        return kQuarantined;
      }
      return EventReason(expected, row);
    };
    for (size_t bucket = 0; bucket < in_->buckets; ++bucket) {
      CALVE_TRY(CompareSpools(events.by_event(), found, bucket, rules, proof));
    }
    Sort(in_quarantine_);
    Report(&model, std::move(proof));
    return {};
  }

  Status CompareMarts() {
    for (TableRows& found : in_->tables) {
      if (found.table->model != nullptr && IsMart(*found.table->model)) {
        CALVE_TRY(CompareMart(found));
      }
    }
    return {};
  }

  Status CompareMart(TableRows& found) {
    const Model& model = *found.table->model;
    EventsByKey& events = in_->FlattenedOf(model.from).by_key(model.key);
    TableProof proof = ProofOf(found.table->name, "the audit log, sorted by key");
    LiveRows* live = in_->LiveOf(&model);
    TableProof live_proof =
        ProofOf(found.table->name,
                live != nullptr ? in_->FlattenedOf(model.from).model().source_table : "");
    for (size_t bucket = 0; bucket < in_->buckets; ++bucket) {
      CALVE_ASSIGN(auto of_bucket, events.spool.Load(bucket));
      CALVE_ASSIGN(auto rows, found.spool.Load(bucket));
      KeyNotes notes = TakeNotes(of_bucket, rows);
      NoteDoubts(model, notes);
      auto expected =
          ExpectedRows(std::move(of_bucket), events.layout, model, found.layout);
      CompareBucket(std::move(expected), std::move(rows), found.layout,
                    MartRules(model, notes), proof);
      if (live != nullptr) {
        CALVE_TRY(CompareLive(*live, bucket, notes, live_proof));
      }
    }
    Report(&model, std::move(proof));
    if (live != nullptr) {
      Report(&model, std::move(live_proof));
    }
    return {};
  }

  /// Takes out the events that the tables need not have, and notes whose they are.
  KeyNotes TakeNotes(std::vector<RowPrint>& events,
                     const std::vector<RowPrint>& rows) const {
    KeyNotes notes;
    std::erase_if(events, [&](const RowPrint& event) {
      if (event.Is(kBeyondCut) && !Has(landed_early_, event.event_id)) {
        notes.changed_behind_cut.insert(event.key);
        return true;
      }
      const bool quarantined = Has(in_quarantine_, event.event_id);
      if (quarantined || event.Is(kBroken) || Has(in_->conflicts, event.event_id) ||
          in_->conflict_keys.contains(event.key)) {
        notes.doubtful.insert(event.key);
      }
      return quarantined;
    });
    for (const RowPrint& row : rows) {
      if (row.event_id < in_->least_id) {
        notes.purged.insert(row.key);
      }
    }
    return notes;
  }

  void NoteDoubts(const Model& model, const KeyNotes& notes) {
    for (const std::string& key : notes.doubtful) {
      if (doubtful_[model.from].insert(key).second) {
        ++report_.doubtful_keys;
        if (report_.doubtful_examples.size() < request_.max_examples) {
          report_.doubtful_examples.push_back(key);
        }
      }
    }
  }

  CompareRules MartRules(const Model& model, const KeyNotes& notes) const {
    return {.by_event = model.kind == ModelKind::kHistory,
            .repeats_allowed = false,
            .set_aside =
                [this, &notes](const RowPrint* expected, const RowPrint* found) {
                  const std::string& key = (expected != nullptr ? expected : found)->key;
                  const bool conflict =
                      in_->conflict_keys.contains(key) ||
                      (expected != nullptr && Has(in_->conflicts, expected->event_id)) ||
                      (found != nullptr && Has(in_->conflicts, found->event_id));
                  if (conflict) {
                    return kConflict;
                  }
                  return notes.purged.contains(key) ? kPurged : "";
                },
            .max_examples = request_.max_examples};
  }

  Status CompareLive(LiveRows& live, size_t bucket, const KeyNotes& notes,
                     TableProof& proof) const {
    CALVE_ASSIGN(auto expected, live.expected.Load(bucket));
    CALVE_ASSIGN(auto found, live.found.Load(bucket));
    std::set<std::string> broken;
    for (const RowPrint& print : expected) {
      if (print.Is(kBroken)) {
        broken.insert(print.key);
      }
    }
    const CompareRules rules{
        .by_event = false,
        .repeats_allowed = false,
        .set_aside = [&](const RowPrint* row, const RowPrint* other) -> std::string {
          const std::string& key = (row != nullptr ? row : other)->key;
          if (notes.changed_behind_cut.contains(key)) {
            return kBehindCut;
          }
          return notes.doubtful.contains(key) || broken.contains(key) ? kQuarantined : "";
        },
        .max_examples = request_.max_examples};
    CompareBucket(std::move(expected), std::move(found), live.layout, rules, proof);
    return {};
  }

  const Pipeline& pipeline_;  // All outlive this.
  const VerifyRequest& request_;
  Progress& progress_;
  std::vector<const Model*> selected_;
  std::unique_ptr<VerifyInput> in_;
  VerifyReport report_;
  Ids landed_early_;                                       // after the cut, and landed
  Ids in_quarantine_;                                      // not in the flattened table
  std::map<std::string, std::set<std::string>> doubtful_;  // keys by flatten model
};

}  // namespace

bool VerifyReport::equal() const {
  return std::all_of(tables.begin(), tables.end(), [](const TableProof& proof) {
    return proof.difference_count() == 0;
  });
}

Result<VerifyReport> Verify(const Pipeline& pipeline, const VerifyRequest& request,
                            Progress& progress) {
  return Verifier(pipeline, request, progress).Run();
}

}  // namespace calve::flow
