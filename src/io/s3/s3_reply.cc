#include "io/s3/s3_reply.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>

#include <pugixml.hpp>

#include "core/timestamp.h"
#include "io/http/http_client.h"

namespace calve::io {
namespace {

/// The document's root element if it has this name, else an empty node. pugixml expands
/// no entities of a document's own, so a reply cannot grow in parsing.
pugi::xml_node Root(pugi::xml_document& document, const std::string& xml,
                    const char* name) {
  if (!document.load_buffer(xml.data(), xml.size())) {
    return {};
  }
  return document.child(name);
}

Error NotOne(const char* what) {
  return {ErrorKind::kCorrupt, std::string("the storage's reply is no ") + what};
}

/// Undoes `encoding-type=url`, where a space may be a plus.
std::string Decoded(std::string text, bool encoded) {
  if (!encoded) {
    return text;
  }
  std::replace(text.begin(), text.end(), '+', ' ');
  return PercentDecode(text);
}

bool IsEncoded(pugi::xml_node root) {
  return std::string_view(root.child_value("EncodingType")) == "url";
}

bool IsTruncated(pugi::xml_node root) {
  return std::string_view(root.child_value("IsTruncated")) == "true";
}

std::optional<int64_t> MillisOf(const char* text) {
  const auto time = ParseTimestamp(text);
  return time ? std::optional(time->value / 1000) : std::nullopt;
}

Result<S3Listing::Object> ReadObjectEntry(pugi::xml_node item, bool encoded) {
  const std::string_view size = item.child_value("Size");
  S3Listing::Object object{.key = Decoded(item.child_value("Key"), encoded),
                           .size_bytes = 0,
                           .modified_ms = MillisOf(item.child_value("LastModified"))};
  const char* end = size.data() + size.size();
  const auto [rest, code] = std::from_chars(size.data(), end, object.size_bytes);
  if (object.key.empty() || code != std::errc() || rest != end) {
    return NotOne("listing: an object has no key or size");
  }
  return object;
}

}  // namespace

S3Error ParseS3Error(const std::string& xml) {
  pugi::xml_document document;
  const pugi::xml_node error = Root(document, xml, "Error");
  return {error.child_value("Code"), error.child_value("Message")};
}

Result<S3Listing> ParseS3Listing(const std::string& xml) {
  pugi::xml_document document;
  const pugi::xml_node root = Root(document, xml, "ListBucketResult");
  if (!root) {
    return NotOne("listing");
  }
  S3Listing listing;
  for (const pugi::xml_node item : root.children("Contents")) {
    CALVE_ASSIGN(auto object, ReadObjectEntry(item, IsEncoded(root)));
    listing.objects.push_back(std::move(object));
  }
  if (IsTruncated(root)) {
    listing.continuation = root.child_value("NextContinuationToken");
    if (listing.continuation.empty()) {
      return NotOne("listing: it is cut short without saying how to go on");
    }
  }
  return listing;
}

Result<S3Uploads> ParseS3Uploads(const std::string& xml) {
  pugi::xml_document document;
  const pugi::xml_node root = Root(document, xml, "ListMultipartUploadsResult");
  if (!root) {
    return NotOne("list of uploads");
  }
  S3Uploads uploads;
  for (const pugi::xml_node item : root.children("Upload")) {
    uploads.uploads.push_back({.key = Decoded(item.child_value("Key"), IsEncoded(root)),
                               .id = item.child_value("UploadId"),
                               .begun_ms = MillisOf(item.child_value("Initiated"))});
    if (uploads.uploads.back().key.empty() || uploads.uploads.back().id.empty()) {
      return NotOne("list of uploads: one has no key or id");
    }
  }
  if (IsTruncated(root)) {
    uploads.next_key = Decoded(root.child_value("NextKeyMarker"), IsEncoded(root));
    uploads.next_id = root.child_value("NextUploadIdMarker");
    if (uploads.next_key.empty()) {
      return NotOne("list of uploads: it is cut short without saying how to go on");
    }
  }
  return uploads;
}

Result<std::string> ParseS3UploadId(const std::string& xml) {
  pugi::xml_document document;
  const pugi::xml_node root = Root(document, xml, "InitiateMultipartUploadResult");
  std::string id = root.child_value("UploadId");
  if (id.empty()) {
    return NotOne("start of an upload");
  }
  return id;
}

bool IsS3UploadCompleted(const std::string& xml) {
  pugi::xml_document document;
  return static_cast<bool>(Root(document, xml, "CompleteMultipartUploadResult"));
}

std::string S3UploadManifest(const std::vector<S3Part>& parts) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  unsigned number = 0;
  for (const S3Part& sent : parts) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text().set(++number);
    part.append_child("ETag").text().set(sent.etag.c_str());
    part.append_child("ChecksumSHA256").text().set(sent.sha256.c_str());
  }
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration);
  return out.str();
}

}  // namespace calve::io
