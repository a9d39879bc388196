// Comparing values of parsed JSON as JSON Schema does
// (https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.2): 1 and 1.0 are the same
// number, the order of members does not matter. Numbers are those of simdjson: 64-bit integers
// exactly, all others as doubles.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include <simdjson.h>

namespace cdviz::cdevents {

/// True for the three number types of simdjson.
bool is_number(const simdjson::dom::element& value);

/// A number without a fraction: 1, 1.0, 1e3.
bool is_integer(const simdjson::dom::element& value);

/// Exact also between integers and doubles. Both must be numbers.
std::partial_ordering compare_numbers(const simdjson::dom::element& a,
                                      const simdjson::dom::element& b);

/// Whether `value` is a whole multiple of `factor`, which must be above 0. Doubles are taken as the
/// shortest decimal number that stands for them: 0.3 is a multiple of 0.1.
bool is_multiple_of(const simdjson::dom::element& value, const simdjson::dom::element& factor);

/// Equal as JSON Schema defines it. Of members with the same name in one object the last counts.
/// @param steps  grows by the number of values that were looked at
bool equal(const simdjson::dom::element& a, const simdjson::dom::element& b, std::size_t& steps);

/// The same for equal values.
/// @param steps  as above
std::uint64_t hash_of(const simdjson::dom::element& value, std::size_t& steps);

}  // namespace cdviz::cdevents
