#include "app/config/s3_config.h"

#include <fstream>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace calve::app {
namespace {

Error WrongS3(std::string_view origin, std::string_view what) {
  return {ErrorKind::kInvalidArgument, fmt::format("{} {}", origin, what)};
}

/// Requests are signed for a host; a path behind it would not arrive.
Status CheckEndpoint(const std::string& origin, std::string& endpoint) {
  while (endpoint.ends_with('/')) {
    endpoint.pop_back();
  }
  const size_t scheme = endpoint.find("://");
  const bool known = endpoint.starts_with("http://") || endpoint.starts_with("https://");
  const bool host_alone =
      known && endpoint.size() > scheme + 3 &&
      endpoint.find_first_of("/?#@ \t\r\n", scheme + 3) == endpoint.npos;
  return endpoint.empty() || host_alone
             ? Status()
             : WrongS3(origin,
                       "must be scheme, host and port of the storage, such as "
                       "http://127.0.0.1:9000");
}

Status CheckKeys(const std::string& key_origin, const std::string& secret_origin,
                 const S3Config& config) {
  if (!config.access_key.empty() && config.secret_key.empty()) {
    return WrongS3(key_origin, fmt::format("stands without {}; set both", secret_origin));
  }
  if (config.access_key.empty() && !config.secret_key.empty()) {
    return WrongS3(secret_origin, fmt::format("stands without {}; set both", key_origin));
  }
  return {};
}

/// Keys of one section of the settings.
class Section {
 public:
  Section(const Settings& settings, std::string_view name)
      : settings_(settings), name_(name) {}

  std::string Text(std::string_view key) const {
    const auto found = settings_.find(name_ + std::string(key));
    return found == settings_.end() ? "" : found->second.value;
  }

  /// `calve.yaml:7: landing.endpoint`, or the name alone.
  std::string Origin(std::string_view key) const {
    const std::string path = name_ + std::string(key);
    const auto found = settings_.find(path);
    return found == settings_.end() ? path : found->second.origin + ": " + path;
  }

 private:
  const Settings& settings_;  // Outlives this.
  std::string name_;
};

Result<std::optional<bool>> ReadSwitch(const Section& section, std::string_view key) {
  const std::string value = section.Text(key);
  if (value.empty()) {
    return std::optional<bool>();
  }
  if (value != "true" && value != "false") {
    return WrongS3(section.Origin(key), "must be true or false");
  }
  return std::optional(value == "true");
}

std::string Trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  return first == text.npos
             ? ""
             : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// The entries of one section of an INI file, as AWS writes them.
std::map<std::string, std::string> ReadIniSection(const std::string& path,
                                                  const std::string& name) {
  std::map<std::string, std::string> entries;
  std::ifstream file(path);
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const std::string text = Trimmed(line);
    if (text.starts_with('[')) {
      inside = Trimmed(text.substr(1, text.find(']') - 1)) == name;
    } else if (inside && !text.starts_with('#') && !text.starts_with(';') &&
               !line.starts_with(' ') && !line.starts_with('\t')) {
      const size_t equals = text.find('=');
      if (equals != text.npos) {
        entries[Trimmed(text.substr(0, equals))] = Trimmed(text.substr(equals + 1));
      }
    }
  }
  return entries;
}

std::string FirstOf(const Environment& environment,
                    std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (std::string value = Lookup(environment, name); !value.empty()) {
      return value;
    }
  }
  return "";
}

std::string AwsFile(const Environment& environment, std::string_view variable,
                    const char* name) {
  const std::string path = Lookup(environment, variable);
  return path.empty() ? Lookup(environment, "HOME") + "/.aws/" + name : path;
}

}  // namespace

void S3Config::FillFrom(const S3Config& weaker) {
  const auto fill = [](std::string& into, const std::string& from) {
    into = into.empty() ? from : into;
  };
  fill(endpoint, weaker.endpoint);
  fill(region, weaker.region);
  fill(ca_file, weaker.ca_file);
  path_style = path_style ? path_style : weaker.path_style;
  if (access_key.empty()) {
    access_key = weaker.access_key;
    secret_key = weaker.secret_key;
    session_token = weaker.session_token;
  }
}

Result<S3Config> ReadS3Keys(const Settings& settings, std::string_view section_name) {
  const Section section(settings, section_name);
  S3Config config{.endpoint = section.Text("endpoint"),
                  .region = section.Text("region"),
                  .access_key = section.Text("access_key"),
                  .secret_key = secrets::Secret(section.Text("secret_key")),
                  .session_token = secrets::Secret(section.Text("session_token")),
                  .path_style = std::nullopt,
                  .ca_file = section.Text("ca_file")};
  CALVE_ASSIGN(config.path_style, ReadSwitch(section, "path_style"));
  CALVE_TRY(CheckEndpoint(section.Origin("endpoint"), config.endpoint));
  CALVE_TRY(
      CheckKeys(section.Origin("access_key"), section.Origin("secret_key"), config));
  return config;
}

Result<S3Config> ReadS3Variables(const Environment& environment) {
  S3Config config{
      .endpoint = FirstOf(environment, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}),
      .region = FirstOf(environment, {"AWS_REGION", "AWS_DEFAULT_REGION"}),
      .access_key = Lookup(environment, "AWS_ACCESS_KEY_ID"),
      .secret_key = secrets::Secret(Lookup(environment, "AWS_SECRET_ACCESS_KEY")),
      .session_token = secrets::Secret(Lookup(environment, "AWS_SESSION_TOKEN")),
      .path_style = std::nullopt,
      .ca_file = Lookup(environment, "AWS_CA_BUNDLE")};
  CALVE_TRY(CheckEndpoint("AWS_ENDPOINT_URL", config.endpoint));
  CALVE_TRY(CheckKeys("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", config));
  return config;
}

Result<S3Config> ReadAwsProfile(const Environment& environment) {
  std::string profile = FirstOf(environment, {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"});
  profile = profile.empty() ? "default" : profile;
  const std::string credentials_path =
      AwsFile(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  auto entries = ReadIniSection(AwsFile(environment, "AWS_CONFIG_FILE", "config"),
                                profile == "default" ? profile : "profile " + profile);
  for (auto& [name, value] : ReadIniSection(credentials_path, profile)) {
    entries[name] = value;
  }
  S3Config config{.endpoint = entries["endpoint_url"],
                  .region = entries["region"],
                  .access_key = entries["aws_access_key_id"],
                  .secret_key = secrets::Secret(entries["aws_secret_access_key"]),
                  .session_token = secrets::Secret(entries["aws_session_token"]),
                  .path_style = std::nullopt,
                  .ca_file = entries["ca_bundle"]};
  const std::string origin = fmt::format("the AWS profile {}: ", profile);
  CALVE_TRY(CheckEndpoint(origin + "endpoint_url", config.endpoint));
  CALVE_TRY(
      CheckKeys(origin + "aws_access_key_id", origin + "aws_secret_access_key", config));
  return config;
}

}  // namespace calve::app
