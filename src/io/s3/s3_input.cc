#include <algorithm>
#include <charconv>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "io/s3/s3_digest.h"
#include "io/s3/s3_input_internal.h"
#include "io/system.h"

namespace calve::io {
namespace {

/// Of objects whose blocks are not verified: nothing speaks for large ones.
constexpr uint64_t kForeignBlockBytes = uint64_t{1} * 1024 * 1024;
constexpr uint64_t kKeptBytes = uint64_t{32} * 1024 * 1024;

/// `bytes 0-99/1234`.
struct ContentRange {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t size_bytes = 0;  // of the whole object
};

std::optional<ContentRange> ParseContentRange(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) {
    return std::nullopt;
  }
  const char* at = text.data() + kUnit.size();
  const char* end = text.data() + text.size();
  ContentRange range;
  for (const auto& [into, stop] :
       {std::pair{&range.first, '-'}, std::pair{&range.last, '/'},
        std::pair{&range.size_bytes, '\0'}}) {
    const auto [rest, code] = std::from_chars(at, end, *into);
    const bool stopped = stop == '\0' ? rest == end : rest != end && *rest == stop;
    if (code != std::errc() || !stopped) {
      return std::nullopt;
    }
    at = stop == '\0' ? rest : rest + 1;
  }
  const bool sound = range.first <= range.last && range.last < range.size_bytes;
  return sound ? std::optional(range) : std::nullopt;
}

/// Whether a reply has the bytes of this range and no others.
bool IsRange(const HttpResponse& reply, uint64_t first, uint64_t count) {
  const auto range = ParseContentRange(reply.Header("content-range"));
  return reply.status == kHttpPartialContent && range && range->first == first &&
         range->last - range->first + 1 == count && reply.body.size() == count;
}

Error Damaged() {
  return {ErrorKind::kCorrupt, "the bytes that came are not those that were written"};
}

bool IsMd5(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string Unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

/// Holds the first bytes of an object against what is known of them.
class FirstBytesCheck {
 public:
  Status operator()(const HttpResponse& reply) {
    const std::string expected = reply.Header(kS3HashHeader);
    const uint64_t begin = std::min<uint64_t>(reply.body.size(), kS3PartBytes);
    if (!expected.empty()) {
      const std::string_view first = std::string_view(reply.body).substr(0, begin);
      return Sha256Hex(first) == expected ? Status() : Damaged();
    }
    const auto range = ParseContentRange(reply.Header("content-range"));
    const bool whole = !range || range->size_bytes == reply.body.size();
    const std::string etag = Unquoted(reply.Header("etag"));
    return whole && IsMd5(etag) ? CheckMd5(reply, etag) : Status();
  }

 private:
  /// Not every ETag of this form is an MD5: where the bytes come twice alike, it is none.
  Status CheckMd5(const HttpResponse& reply, const std::string& etag) {
    std::string md5 = Md5Hex(reply.body);
    if (md5 == etag || md5 == earlier_md5_) {
      return {};
    }
    earlier_md5_ = std::move(md5);
    return Damaged();
  }

  std::string earlier_md5_;
};

/// An object as it was when it was opened: a read after it was replaced fails.
class S3InputFile final : public InputFile {
 public:
  S3InputFile(const S3Client& client, S3Object object, HttpResponse first)
      : client_(client), object_(std::move(object)), etag_(first.Header("etag")) {
    const auto range = ParseContentRange(first.Header("content-range"));
    size_bytes_ = range ? range->size_bytes : first.body.size();
    const bool ours = !first.Header(kS3HashHeader).empty();
    // `…-3`: uploaded in three parts.
    by_part_ = ours && etag_.find('-') != etag_.npos;
    block_bytes_ =
        (ours || size_bytes_ <= kS3PartBytes) ? kS3PartBytes : kForeignBlockBytes;
    if (first.body.size() <= block_bytes_) {
      blocks_.emplace_back(0, std::move(first.body));
      return;
    }
    for (uint64_t at = 0; at < first.body.size(); at += block_bytes_) {
      blocks_.emplace_back(at / block_bytes_, first.body.substr(at, block_bytes_));
    }
    KeepFew();
  }

  uint64_t size_bytes() const override { return size_bytes_; }

  Result<size_t> ReadAt(uint64_t offset, std::span<char> into) override {
    if (offset >= size_bytes_ || into.empty()) {
      return size_t{0};
    }
    const std::lock_guard lock(mutex_);
    const uint64_t wanted = std::min<uint64_t>(into.size(), size_bytes_ - offset);
    for (uint64_t done = 0; done < wanted;) {
      const uint64_t at = offset + done;
      CALVE_ASSIGN(const std::string* block, Block(at / block_bytes_));
      const uint64_t inside = at % block_bytes_;
      const uint64_t count = std::min(wanted - done, block->size() - inside);
      std::memcpy(into.data() + done, block->data() + inside, count);
      done += count;
    }
    return static_cast<size_t>(wanted);
  }

 private:
  uint64_t SizeOf(uint64_t index) const {
    return std::min(block_bytes_, size_bytes_ - (index * block_bytes_));
  }

  /// A block, read if it is not kept. Valid until the next call.
  Result<const std::string*> Block(uint64_t index) {
    const auto kept = std::ranges::find_if(
        blocks_, [&](const auto& block) { return block.first == index; });
    if (kept != blocks_.end()) {
      blocks_.splice(blocks_.begin(), blocks_, kept);
    } else {
      CALVE_ASSIGN(std::string bytes, Fetch(index));
      blocks_.emplace_front(index, std::move(bytes));
      KeepFew();
    }
    return &blocks_.front().second;
  }

  void KeepFew() {
    const uint64_t most = std::max<uint64_t>(1, kKeptBytes / block_bytes_);
    while (blocks_.size() > most) {
      blocks_.pop_back();
    }
  }

  Result<std::string> Fetch(uint64_t index) {
    if (by_part_) {
      CALVE_ASSIGN(auto part, FetchPart(index));
      if (part) {
        return *std::move(part);
      }
      by_part_ = false;  // Copied since, or the server does not know parts.
    }
    return FetchRange(index);
  }

  /// \return nullopt if the server has no such part
  Result<std::optional<std::string>> FetchPart(uint64_t index) {
    S3Client::Request request{
        .method = "GET",
        .object = object_,
        .query = {{"partNumber", std::to_string(index + 1)}},
        .headers = {{"if-match", etag_}, {"x-amz-checksum-mode", "ENABLED"}}};
    request.check = [](const HttpResponse& reply) -> Status {
      const std::string expected = reply.Header("x-amz-checksum-sha256");
      // `…-3`: a checksum of checksums, of the whole object.
      if (expected.empty() || expected.find('-') != expected.npos ||
          reply.status != kHttpPartialContent) {
        return {};
      }
      return Base64OfHex(Sha256Hex(reply.body)) == expected ? Status() : Damaged();
    };
    CALVE_ASSIGN(S3Client::Reply reply, client_.Send(request));
    if (!IsRange(reply.http, index * block_bytes_, SizeOf(index))) {
      return std::optional<std::string>();
    }
    return std::optional(std::move(reply.http.body));
  }

  Result<std::string> FetchRange(uint64_t index) {
    const uint64_t first = index * block_bytes_;
    const uint64_t count = SizeOf(index);
    const S3Client::Request request{
        .method = "GET",
        .object = object_,
        .headers = {{"range", fmt::format("bytes={}-{}", first, first + count - 1)},
                    {"if-match", etag_}}};
    CALVE_ASSIGN(S3Client::Reply reply, client_.Send(request));
    if (reply.http.status == kHttpPreconditionFailed) {
      return Error{ErrorKind::kUnavailable,
                   "replaced while it was read: " + object_.text()};
    }
    if (reply.http.status == kHttpOk && reply.http.body.size() == size_bytes_) {
      return reply.http.body.substr(first, count);  // The server passed over the range.
    }
    if (reply.http.status != kHttpPartialContent) {
      return S3Client::ErrorOf(request, reply.http);
    }
    if (!IsRange(reply.http, first, count)) {
      return Error{ErrorKind::kCorrupt,
                   "the storage sent other bytes than were asked for: " + object_.text()};
    }
    return std::move(reply.http.body);
  }

  const S3Client& client_;  // Outlives this file.
  S3Object object_;
  std::string etag_;
  uint64_t size_bytes_ = 0;
  uint64_t block_bytes_ = 0;
  std::mutex mutex_;  // Guards what follows.
  bool by_part_ = false;
  std::list<std::pair<uint64_t, std::string>> blocks_;  // by index, last used first
};

}  // namespace

Result<std::unique_ptr<InputFile>> OpenS3Input(const S3Client& client, S3Object object) {
  S3Client::Request request{
      .method = "GET",
      .object = object,
      .headers = {{"range", fmt::format("bytes=0-{}", kS3PartBytes - 1)}}};
  // Outlives the attempts, each of which would otherwise have a check of its own.
  FirstBytesCheck check;
  request.check = [&check](const HttpResponse& reply) { return check(reply); };
  CALVE_ASSIGN(S3Client::Reply reply, client.Send(request));
  HttpResponse& first = reply.http;
  if (first.status == kHttpRangeNotSatisfiable) {
    first = HttpResponse{.status = kHttpOk, .headers = {}, .body = ""};  // It is empty.
  }
  const auto range = ParseContentRange(first.Header("content-range"));
  const bool whole = first.status == kHttpOk;
  if (!whole && first.status != kHttpPartialContent) {
    return S3Client::ErrorOf(request, first);
  }
  if (!whole &&
      (!range || !IsRange(first, 0, std::min(range->size_bytes, kS3PartBytes)))) {
    return Error{ErrorKind::kCorrupt,
                 "the storage sent other bytes than were asked for: " + object.text()};
  }
  return std::make_unique<S3InputFile>(client, std::move(object), std::move(first));
}

}  // namespace calve::io
