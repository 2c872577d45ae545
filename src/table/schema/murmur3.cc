#include "table/schema/murmur3.h"

#include <bit>
#include <cstddef>

namespace calve::table {
namespace {

/// Little-endian value of up to four bytes.
uint32_t LoadWord(std::string_view bytes) {
  uint32_t word = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    word |= uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return word;
}

uint32_t Scramble(uint32_t word) {
  return std::rotl(word * 0xcc9e2d51U, 15) * 0x1b873593U;
}

uint32_t Finish(uint32_t hash) {
  hash = (hash ^ hash >> 16) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
  return hash ^ hash >> 16;
}

}  // namespace

uint32_t Murmur3(std::string_view bytes) {
  uint32_t hash = 0;
  std::string_view rest = bytes;
  for (; rest.size() >= 4; rest.remove_prefix(4)) {
    hash = std::rotl(hash ^ Scramble(LoadWord(rest.substr(0, 4))), 13) * 5 + 0xe6546b64U;
  }
  hash ^= Scramble(LoadWord(rest));
  return Finish(hash ^ static_cast<uint32_t>(bytes.size()));
}

}  // namespace calve::table
