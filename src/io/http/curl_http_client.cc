#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <fmt/format.h>

#include "io/http/http_client.h"

namespace calve::io {
namespace {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, CurlDeleter>;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

/// A reply while it arrives.
struct Arriving {
  CURL* curl = nullptr;
  size_t max_body_bytes = 0;
  HttpResponse response = {};
  bool too_large = false;
};

std::string Trimmed(std::string_view text) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  while (!text.empty() && is_space(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

size_t OnHeader(char* bytes, size_t size, size_t count, void* context) {
  auto& arriving = *static_cast<Arriving*>(context);
  const std::string_view line(bytes, size * count);
  const size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    arriving.response.headers.clear();  // Those before were of an interim reply.
  } else if (colon != std::string_view::npos) {
    std::string name = Trimmed(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    arriving.response.headers[name] = Trimmed(line.substr(colon + 1));
  }
  return size * count;
}

/// Makes room for the whole body once, where the server says how long it is.
void Reserve(Arriving& arriving) {
  curl_off_t announced = 0;
  curl_easy_getinfo(arriving.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  if (announced > 0) {
    arriving.response.body.reserve(
        std::min(static_cast<size_t>(announced), arriving.max_body_bytes));
  }
}

size_t OnBody(char* bytes, size_t size, size_t count, void* context) {
  auto& arriving = *static_cast<Arriving*>(context);
  std::string& body = arriving.response.body;
  if (body.size() + (size * count) > arriving.max_body_bytes) {
    arriving.too_large = true;
    return 0;  // Ends the transfer.
  }
  if (body.empty()) {
    Reserve(arriving);
  }
  body.append(bytes, size * count);
  return size * count;
}

bool HasLineBreak(std::string_view text) {
  constexpr std::string_view kEnds("\r\n\0", 3);
  return text.find_first_of(kEnds) != text.npos;
}

Result<HeaderList> MakeHeaders(const HttpRequest& request) {
  HeaderList list;
  const auto add = [&list](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) {
      return false;
    }
    if (list == nullptr) {
      list.reset(longer);  // Later ones are appended to the first.
    }
    return true;
  };
  // Without this, a PUT would wait for a 100 that many servers never send.
  bool added = add("Expect:") && add("Content-Type:");
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || HasLineBreak(name) || HasLineBreak(value)) {
      return Error{ErrorKind::kInvalidArgument,
                   "a header of an HTTP request holds a line break; look for one in "
                   "names, keys and tokens that the configuration gives"};
    }
    // curl's way to send a header without a value.
    added = added && add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (!added) {
    return Error{ErrorKind::kUnavailable, "no memory for a request's headers"};
  }
  return list;
}

ErrorKind KindOf(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return ErrorKind::kInvalidArgument;
    default:
      return ErrorKind::kUnavailable;
  }
}

/// Scheme, host and port: what else a URL has may be secret.
std::string OriginOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == url.npos) {
    return "a URL without a scheme";
  }
  const size_t host = scheme + 3;
  std::string_view authority = url.substr(host, url.find_first_of("/?#", host) - host);
  authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0.
  return fmt::format("{}{}", url.substr(0, host), authority);
}

Error ErrorOf(CURLcode code, const std::array<char, CURL_ERROR_SIZE>& reason,
              const std::string& origin) {
  const char* text = reason[0] != '\0' ? reason.data() : curl_easy_strerror(code);
  const char* remedy = code == CURLE_PEER_FAILED_VERIFICATION
                           ? "; if its certificate is signed by a CA of your own, name "
                             "the CA's certificate as ca_file"
                           : "";
  return {KindOf(code), fmt::format("{}: {}{}", origin, text, remedy)};
}

class CurlHttpClient final : public HttpClient {
 public:
  explicit CurlHttpClient(HttpOptions options) : options_(std::move(options)) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)started;  // A failure shows in the first request.
  }

  Result<HttpResponse> Send(const HttpRequest& request) override {
    CALVE_ASSIGN(const HeaderList headers, MakeHeaders(request));
    Handle handle = Take();
    if (handle == nullptr) {
      return Error{ErrorKind::kUnavailable, "cannot start an HTTP request"};
    }
    Arriving arriving{.curl = handle.get(), .max_body_bytes = options_.max_body_bytes};
    Prepare(request, headers.get(), arriving);
    std::array<char, CURL_ERROR_SIZE> reason{};
    curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, reason.data());
    const CURLcode code = curl_easy_perform(handle.get());
    if (arriving.too_large) {
      return Error{ErrorKind::kUnsupported,
                   fmt::format("{}: a reply of more than {} bytes", OriginOf(request.url),
                               options_.max_body_bytes)};
    }
    if (code != CURLE_OK) {
      return ErrorOf(code, reason, OriginOf(request.url));
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    arriving.response.status = static_cast<int>(status);
    curl_easy_reset(handle.get());  // Forgets what this request lent; keeps connections.
    GiveBack(std::move(handle));
    return std::move(arriving.response);
  }

 private:
  void Prepare(const HttpRequest& request, curl_slist* headers,
               Arriving& arriving) const {
    CURL* curl = arriving.curl;
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    // Over a connection that was used before, curl repeats by itself a request that got
    // no reply.
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, request.may_repeat ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &arriving);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &arriving);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options_.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>(options_.stall_timeout.count()));
    if (!options_.ca_file.empty()) {
      curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    }
    PrepareMethod(curl, request);
  }

  static void PrepareMethod(CURL* curl, const HttpRequest& request) {
    if (request.method == "HEAD") {
      curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
      // Null would make curl read the body from elsewhere.
      const char* body = request.body.empty() ? "" : request.body.data();
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  Handle Take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      return Handle(curl_easy_init());
    }
    Handle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }

  void GiveBack(Handle handle) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handle));
  }

  const HttpOptions options_;
  std::mutex mutex_;  // Guards idle_.
  std::vector<Handle> idle_;
};

}  // namespace

std::unique_ptr<HttpClient> MakeHttpClient(const HttpOptions& options) {
  return std::make_unique<CurlHttpClient>(options);
}

}  // namespace calve::io
