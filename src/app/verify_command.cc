#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/table_view.h"
#include "flow/verify.h"

namespace calve::app {
namespace {

struct VerifyOptions {
  std::string select;
  bool live = false;
};

const char* KindText(flow::DifferenceKind kind) {
  switch (kind) {
    case flow::DifferenceKind::kMissing:
      return "missing";
    case flow::DifferenceKind::kExtra:
      return "extra";
    case flow::DifferenceKind::kOtherValues:
      return "other values";
    case flow::DifferenceKind::kRepeated:
      break;
  }
  return "repeated";
}

int64_t CountOf(const flow::TableProof& proof, flow::DifferenceKind kind) {
  const auto found = proof.differences.find(kind);
  return found == proof.differences.end() ? 0 : found->second;
}

void AddTables(const flow::VerifyReport& report, Document& document) {
  Table& tables = document.AddTable({{"table"},
                                     {"against"},
                                     {"rows", CellFormat::kCount},
                                     {"expected_rows", CellFormat::kCount},
                                     {"missing", CellFormat::kCount},
                                     {"extra", CellFormat::kCount},
                                     {"other_values", CellFormat::kCount},
                                     {"repeated", CellFormat::kCount},
                                     {"set_aside", CellFormat::kCount},
                                     {"buckets"},
                                     {"differing_buckets"}},
                                    "tables");
  for (const flow::TableProof& proof : report.tables) {
    int64_t set_aside = 0;
    for (const auto& [reason, rows] : proof.set_aside) {
      set_aside += rows;
    }
    tables.Add({proof.table, proof.against, proof.rows, proof.expected_rows,
                CountOf(proof, flow::DifferenceKind::kMissing),
                CountOf(proof, flow::DifferenceKind::kExtra),
                CountOf(proof, flow::DifferenceKind::kOtherValues),
                CountOf(proof, flow::DifferenceKind::kRepeated), set_aside, proof.buckets,
                proof.differing_buckets});
  }
}

/// What differs, the first of each table; the counts above have the rest.
void AddDifferences(const flow::VerifyReport& report, Document& document) {
  Table& list =
      document.AddTable({{"table"}, {"row"}, {"what"}, {"columns"}}, "differences");
  for (const flow::TableProof& proof : report.tables) {
    for (const flow::Difference& difference : proof.examples) {
      list.Add(
          {proof.table, difference.row, KindText(difference.kind), difference.columns});
    }
  }
}

void AddSetAside(const flow::VerifyReport& report, Document& document) {
  Table& list = document.AddTable({{"table"}, {"reason"}, {"rows", CellFormat::kCount}},
                                  "set_aside");
  for (const flow::TableProof& proof : report.tables) {
    for (const auto& [reason, rows] : proof.set_aside) {
      list.Add({proof.table, reason, rows});
    }
  }
}

/// How many differences the list leaves out.
int64_t Unnamed(const flow::VerifyReport& report) {
  int64_t count = 0;
  for (const flow::TableProof& proof : report.tables) {
    count += proof.difference_count() - static_cast<int64_t>(proof.examples.size());
  }
  return count;
}

Document ToDocument(const flow::VerifyReport& report) {
  Document document;
  document.found_something = !report.equal();
  Record& record = document.AddRecord("verify");
  record.Add("equal", report.equal());
  record.Add("cut", report.cut);
  record.Add("audit_rows", report.audit_rows, CellFormat::kCount);
  record.Add("rows_after_the_cut", report.beyond_rows, CellFormat::kCount);
  record.Add("of_these_landed", report.beyond_landed, CellFormat::kCount);
  record.Add("doubtful_keys", report.doubtful_keys, CellFormat::kCount);
  record.Add("doubtful", report.doubtful_examples);
  record.Add("differences_not_listed", Unnamed(report), CellFormat::kCount);
  AddTables(report, document);
  AddDifferences(report, document);
  AddSetAside(report, document);
  return document;
}

Result<Document> Verify(Session& session, const VerifyOptions& options) {
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline(
                   {.source = true, .landing = true, .catalog = true, .models = true}));
  CALVE_ASSIGN(const flow::VerifyReport report,
               flow::Verify(pipeline,
                            {.select = options.select,
                             .live = options.live,
                             .scratch_folder = ScratchFolder()},
                            session.progress()));
  return ToDocument(report);
}

}  // namespace

void AddVerifyCommand(Commands& commands) {
  auto options = std::make_shared<VerifyOptions>();
  CommandOptions parser = commands.Add(
      "verify", "Hold every table against the audit log; exit 4 if one differs",
      [options](Session& session) { return Verify(session, *options); });
  parser
      .Text("-s,--select", options->select,
            "Models: names, layers, +name, name+ (default: landing and all)")
      .Flag("--live", options->live,
            "Also the source tables themselves against the current marts");
}

}  // namespace calve::app
