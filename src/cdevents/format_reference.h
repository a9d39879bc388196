// The formats a second time, for tests and fuzzing: slow, and written another way, so that both are
// hardly wrong in the same place. Regular expressions made from the grammars of the RFCs.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <re2/re2.h>

namespace cdviz::cdevents::reference {

/// RFC 3986 appendix A, rule by rule; each of its names is one here.
struct UriGrammar {
  std::string pct_encoded = "%[0-9A-Fa-f]{2}";
  std::string unreserved = "[A-Za-z0-9._~-]";
  std::string sub_delims = "[!$&'()*+,;=]";
  std::string pchar = any_of({unreserved, pct_encoded, sub_delims, "[:@]"});
  std::string query = repeat(any_of({pchar, "[/?]"}));
  std::string segment = repeat(pchar);
  std::string segment_nz = pchar + repeat(pchar);
  std::string segment_nz_nc = any_of({unreserved, pct_encoded, sub_delims, "@"}) +
                              repeat(any_of({unreserved, pct_encoded, sub_delims, "@"}));
  std::string path_abempty = repeat("(?:/" + segment + ")");
  std::string path_absolute = "/(?:" + segment_nz + path_abempty + ")?";
  std::string path_rootless = segment_nz + path_abempty;
  std::string path_noscheme = segment_nz_nc + path_abempty;
  std::string dec_octet = "(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])";
  std::string ipv4 = dec_octet + "\\." + dec_octet + "\\." + dec_octet + "\\." + dec_octet;
  std::string h16 = "[0-9A-Fa-f]{1,4}";
  std::string ls32 = any_of({h16 + ":" + h16, ipv4});
  std::string ipv6 = any_of({
      "(?:" + h16 + ":){6}" + ls32,
      "::(?:" + h16 + ":){5}" + ls32,
      "(?:" + h16 + ")?::(?:" + h16 + ":){4}" + ls32,
      before(1) + "::(?:" + h16 + ":){3}" + ls32,
      before(2) + "::(?:" + h16 + ":){2}" + ls32,
      before(3) + "::" + h16 + ":" + ls32,
      before(4) + "::" + ls32,
      before(5) + "::" + h16,
      before(6) + "::",
  });
  std::string ipvfuture = "[vV][0-9A-Fa-f]+\\." + any_of({unreserved, sub_delims, ":"}) + "+";
  std::string host = any_of({"\\[" + any_of({ipv6, ipvfuture}) + "\\]", ipv4,
                             repeat(any_of({unreserved, pct_encoded, sub_delims}))});
  std::string userinfo = repeat(any_of({unreserved, pct_encoded, sub_delims, ":"}));
  std::string authority = "(?:" + userinfo + "@)?" + host + "(?::[0-9]*)?";
  std::string scheme = "[A-Za-z][A-Za-z0-9+.-]*";
  std::string ends = "(?:\\?" + query + ")?(?:#" + query + ")?";
  std::string uri = scheme + ":" +
                    any_of({"//" + authority + path_abempty, path_absolute, path_rootless, ""}) +
                    ends;
  std::string relative_ref =
      any_of({"//" + authority + path_abempty, path_absolute, path_noscheme, ""}) + ends;

  static std::string repeat(const std::string& what) { return "(?:" + what + ")*"; }
  static std::string any_of(std::initializer_list<std::string> choices) {
    std::string text;
    for (const std::string& choice : choices) text += (text.empty() ? "(?:" : "|") + choice;
    return text + ")";
  }
  /// [ *n( h16 ":" ) h16 ]
  std::string before(int n) const {
    return "(?:(?:" + h16 + ":){0," + std::to_string(n) + "}" + h16 + ")?";
  }
};

inline bool is_uri(std::string_view text) {
  static const RE2 pattern(UriGrammar{}.uri, RE2::Latin1);
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

inline bool is_uri_reference(std::string_view text) {
  static const RE2 pattern(UriGrammar{}.relative_ref, RE2::Latin1);
  return is_uri(text) || RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

/// RFC 3339 §5.6 for the form; the calendar of the standard library for the day.
inline bool is_date_time(std::string_view text) {
  static const RE2 pattern(
      "(\\d{4})-(\\d\\d)-(\\d\\d)[Tt](\\d\\d):(\\d\\d):(\\d\\d)(?:\\.\\d+)?(?:[Zz]|([+-])(\\d\\d):"
      "(\\d\\d))",
      RE2::Latin1);
  int year = 0, hour = 0, minute = 0, second = 0, offset_hour = 0, offset_minute = 0;
  unsigned month = 0, day = 0;
  std::string sign, offset_hours, offset_minutes;
  if (!RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern, &year, &month, &day,
                      &hour, &minute, &second, &sign, &offset_hours, &offset_minutes)) {
    return false;
  }
  if (!sign.empty()) {
    offset_hour = std::stoi(offset_hours);
    offset_minute = std::stoi(offset_minutes);
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return false;
  if (offset_hour > 23 || offset_minute > 59) return false;
  if (second < 60) return true;
  const auto offset = std::chrono::hours{offset_hour} + std::chrono::minutes{offset_minute};
  const auto local =
      std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute};
  const auto utc = sign == "-" ? local + offset : local - offset;
  return utc - std::chrono::floor<std::chrono::days>(utc) ==
         std::chrono::hours{23} + std::chrono::minutes{59};
}

}  // namespace cdviz::cdevents::reference
