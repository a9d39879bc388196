// Strict checkers of the three formats, written from the grammars of RFC 3339 and RFC 3986 and not from our own code.
// ajv-formats is laxer: its date-time takes a space for the T, "+0100" and "+01"; its uri-reference takes some text that
// no rule of RFC 3986 produces.

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

export function isDateTime(text) {
  const parts = DATE_TIME.exec(text);
  if (!parts) return false;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (month < 1 || month > 12 || day < 1 || day > days[month - 1]) return false;
  const [offsetHour, offsetMinute] = [Number(parts[8] ?? 0), Number(parts[9] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  // §5.7: a leap second is the last one of a day in UTC.
  const ahead = (parts[7] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute);
  return (hour * 60 + minute - ahead + 2 * 1440) % 1440 === 1439;
}

// RFC 3986, appendix A, rule by rule.
const percent = '%[0-9A-Fa-f]{2}';
const unreserved = "A-Za-z0-9\\-._~";
const subDelims = "!$&'()*+,;=";
const pchar = `(?:[${unreserved}${subDelims}:@]|${percent})`;
const segmentNoColon = `(?:[${unreserved}${subDelims}@]|${percent})+`;
const pathAbEmpty = `(?:/${pchar}*)*`;
const pathAbsolute = `/(?:${pchar}+${pathAbEmpty})?`;
const pathRootless = `${pchar}+${pathAbEmpty}`;
const pathNoScheme = `${segmentNoColon}${pathAbEmpty}`;
const tail = `(?:[${unreserved}${subDelims}:@/?]|${percent})*`;
const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4 = `${octet}(?:\\.${octet}){3}`;
const h16 = '[0-9A-Fa-f]{1,4}';
const ls32 = `(?:${h16}:${h16}|${ipv4})`;
const ipv6 = [
  `(?:${h16}:){6}${ls32}`,
  `::(?:${h16}:){5}${ls32}`,
  `(?:${h16})?::(?:${h16}:){4}${ls32}`,
  `(?:(?:${h16}:){0,1}${h16})?::(?:${h16}:){3}${ls32}`,
  `(?:(?:${h16}:){0,2}${h16})?::(?:${h16}:){2}${ls32}`,
  `(?:(?:${h16}:){0,3}${h16})?::${h16}:${ls32}`,
  `(?:(?:${h16}:){0,4}${h16})?::${ls32}`,
  `(?:(?:${h16}:){0,5}${h16})?::${h16}`,
  `(?:(?:${h16}:){0,6}${h16})?::`,
].join('|');
const ipFuture = `[vV][0-9A-Fa-f]+\\.[${unreserved}${subDelims}:]+`;
const host = `(?:\\[(?:${ipv6}|${ipFuture})\\]|(?:[${unreserved}${subDelims}]|${percent})*)`;
const authority = `(?:(?:[${unreserved}${subDelims}:]|${percent})*@)?${host}(?::\\d*)?`;
const scheme = '[A-Za-z][A-Za-z0-9+.\\-]*';
const ending = `(?:\\?${tail})?(?:#${tail})?`;
const URI = new RegExp(`^${scheme}:(?://${authority}${pathAbEmpty}|${pathAbsolute}|${pathRootless}|)${ending}$`);
const RELATIVE = new RegExp(`^(?://${authority}${pathAbEmpty}|${pathAbsolute}|${pathNoScheme}|)${ending}$`);

export const isUri = (text) => URI.test(text);
export const isUriReference = (text) => URI.test(text) || RELATIVE.test(text);
