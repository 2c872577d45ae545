#pragma once

/// \file table/schema/murmur3.h
/// The hash behind Iceberg's bucket transform. Spec: Appendix B.

#include <cstdint>
#include <string_view>

namespace calve::table {

/// MurmurHash3, x86 variant, 32 bits, seed 0.
uint32_t Murmur3(std::string_view bytes);

}  // namespace calve::table
