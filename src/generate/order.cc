#include "generate/order.h"

#include <charconv>
#include <string_view>

#include "generate/random.h"

namespace calve::generate {
namespace {

constexpr std::array<std::string_view, 6> kOrderColumns = {
    "order_id", "order_timestamp", "created_at", "updated_at", "sum", "description"};
constexpr std::array<std::string_view, kMaxDriftColumns> kDriftColumns = {
    "channel", "priority", "is_gift", "weight_kg"};

constexpr std::array<std::string_view, 8> kNumbers = {"1 x ", "2 x ", "3 x ",  "4 x ",
                                                      "6 x ", "8 x ", "10 x ", "12 x "};
constexpr std::array<std::string_view, 8> kKinds = {
    "walnut",   "oak",  "stainless steel", "linen",
    "recycled", "blue", "hand-made",       "compact"};
constexpr std::array<std::string_view, 16> kThings = {
    "bookshelf", "desk lamp", "dining chair", "kettle", "bed sheet", "notebook",
    "door mat",  "curtain",   "coffee table", "mirror", "cushion",   "plant pot",
    "wardrobe",  "carpet",    "wall clock",   "vase"};
constexpr std::array<std::string_view, 8> kWishes = {"deliver in the morning",
                                                     "leave with the neighbour",
                                                     "no plastic wrapping",
                                                     "call before delivery",
                                                     "express",
                                                     "pick up at the shop",
                                                     "second floor",
                                                     "invoice to the company"};
constexpr std::array<std::string_view, 16> kOddities = {
    "5\" shelf, \"as seen\" in the shop",
    "first line\nsecond line",
    "first line\r\nsecond line",
    "a, b, and c; tabs\tand commas,",
    "C:\\orders\\new",
    "\\N",
    "Größe XL für Jürgen",
    "crème brûlée à emporter",
    "заказ с доставкой",
    "注文番号と説明",
    "שלום וברכה",
    "gift \xF0\x9F\x8E\x81 for \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80",
    "null",
    "{\"nested\": [1, 2, \"three\"]}",
    " spaces at both ends ",
    "100 % wool; 20 € off"};
constexpr std::array<std::string_view, 4> kChannels = {"web", "app", "shop", "phone"};

/// Takes a random element; bits of `choice` are used up.
template <size_t size>
std::string_view Pick(const std::array<std::string_view, size>& words, uint64_t& choice) {
  const std::string_view word = words[choice % size];
  choice /= size;
  return word;
}

void AppendNumber(uint64_t number, std::string& out) {
  std::array<char, 20> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// Appends an amount of hundredths as a number with two decimals.
void AppendHundredths(uint64_t amount, std::string& out) {
  AppendNumber(amount / 100, out);
  out += '.';
  out += static_cast<char>('0' + amount / 10 % 10);
  out += static_cast<char>('0' + amount % 10);
}

uint64_t ContentSeed(const Order& order) {
  return ScatterBits(static_cast<uint64_t>(order.updated.value)) +
         static_cast<uint64_t>(order.id);
}

}  // namespace

std::vector<std::string> OrderColumns(int drift_columns) {
  std::vector<std::string> columns(kOrderColumns.begin(), kOrderColumns.end());
  columns.insert(columns.end(), kDriftColumns.begin(),
                 kDriftColumns.begin() + drift_columns);
  return columns;
}

OrderText::OrderText(int drift_columns)
    : payload_(kOrderColumns.size() + static_cast<size_t>(drift_columns)) {}

EventRecord OrderText::Render(const OrderEvent& event) {
  static constexpr std::array<std::string_view, 3> kOperations = {"I", "U", "D"};
  static constexpr std::array<std::string_view, 8> kOffsets = {
      "+00:00", "+00:00", "+00:00", "+00:00", "+00:00", "+00:00", "", "Z"};
  Random content(ContentSeed(event.row));
  uint64_t choice = content.Next();
  const std::string_view offset = Pick(kOffsets, choice);

  times_.clear();
  std::array<size_t, 5> bounds{};
  timestamps_.Append(event.time, ' ', "+00", times_);
  bounds[1] = times_.size();
  size_t bound = 1;
  for (const TimestampUs time :
       {event.row.ordered, event.row.created, event.row.updated}) {
    timestamps_.Append(time, 'T', offset, times_);
    bounds[++bound] = times_.size();
  }
  const auto time_text = [&](size_t i) {
    return std::string_view(times_).substr(bounds[i], bounds[i + 1] - bounds[i]);
  };
  const auto id_end =
      std::to_chars(id_.data(), id_.data() + id_.size(), event.row.id).ptr;
  payload_[0] = std::string_view(id_.data(), id_end);
  for (size_t i = 1; i < 4; ++i) {
    payload_[i] = time_text(i);
  }
  RenderSum(choice);
  RenderDescription(content.Next());
  if (payload_.size() > kOrderColumns.size()) {
    RenderDrift(content.Next());
  }
  return {.operation = kOperations[event.operation == 'I'   ? 0
                                   : event.operation == 'U' ? 1
                                                            : 2],
          .timestamp = time_text(0),
          .table_schema = "public",
          .table_name = "orders",
          .payload = payload_};
}

void OrderText::RenderSum(uint64_t choice) {
  sum_.clear();
  // Most sums are small: the exponent is as random as the digits.
  constexpr std::array<uint64_t, 4> kBelow = {10'000, 10'000, 100'000, 1'000'000};
  AppendHundredths(choice / 4 % kBelow[choice % 4], sum_);
  payload_[4] = sum_;
}

void OrderText::RenderDescription(uint64_t choice) {
  Field& description = payload_[5];
  const uint64_t percent = choice % 100;
  choice /= 100;
  description_.clear();
  if (percent == 0) {
    description = std::nullopt;
    return;
  }
  if (percent == 1) {
    description = "";
    return;
  }
  if (percent < 7) {
    description_ += Pick(kOddities, choice);
    description_ += ' ';
  }
  for (const auto& item : {kKinds, kKinds}) {
    description_ += Pick(kNumbers, choice);
    description_ += Pick(item, choice);
    description_ += ' ';
    description_ += Pick(kThings, choice);
    description_ += "; ";
    if (choice % 2 == 0) {
      break;
    }
    choice /= 2;
  }
  description_ += Pick(kWishes, choice);
  description = description_;
}

void OrderText::RenderDrift(uint64_t choice) {
  static constexpr std::array<std::string_view, 3> kPriorities = {"1", "2", "3"};
  static constexpr std::array<std::string_view, 2> kBooleans = {"false", "true"};
  weight_.clear();
  const Field channel = Pick(kChannels, choice);
  const Field priority = Pick(kPriorities, choice);
  const Field is_gift = Pick(kBooleans, choice);
  AppendHundredths(choice % 5'000, weight_);
  const std::array<Field, kMaxDriftColumns> values = {channel, priority, is_gift,
                                                      weight_};
  for (size_t i = kOrderColumns.size(); i < payload_.size(); ++i) {
    const bool is_null = (choice >> i) % 8 == 0;
    payload_[i] = is_null ? std::nullopt : values[i - kOrderColumns.size()];
  }
}

}  // namespace calve::generate
