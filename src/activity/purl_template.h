// A package URL with places that a thing fills:
//
//   pkg:generic/{name}@{version}?checksum=sha256:{sha256}
//
// The template is itself a purl. Values are percent-encoded where they stand, a '/' in the name
// makes what stands before it the namespace, and what the purl's type prescribes is applied
// (https://github.com/package-url/purl-spec). A version or a qualifier with a place that has no
// value is left out. A brace that is meant as one is written twice.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "activity/thing.h"
#include "cdevents/purl.h"
#include "core/result.h"

namespace cdviz::activity {

/// Immutable; safe to call from any thread.
class PurlTemplate {
 public:
  /// @param names  of the places that there may be
  /// @returns Fault::stop for what makes no purl, and for a place that is none of them
  static Result<PurlTemplate> parse(std::string_view text, std::span<const std::string> names);

  /// @param facts  clean values; places that are not among them are empty
  /// @returns Fault::reject when the name comes out empty, or the whole is too long
  Result<std::string> render(const Facts& facts) const;

 private:
  cdevents::Purl skeleton_;  ///< with a mark for each place
  std::vector<std::string> places_;
};

}  // namespace cdviz::activity
