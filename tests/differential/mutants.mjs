// What is done to a valid event to make others of it: each place, one change at a time. No randomness: the same mutants
// each time.

const TIMES = [
  '2026-02-28T23:59:59Z', '2026-02-29T00:00:00Z', '2024-02-29T00:00:00Z', '1900-02-29T00:00:00Z', '2000-02-29T00:00:00Z',
  '0000-02-29T00:00:00Z', '2026-11-20t12:00:00z', '2026-11-20 12:00:00Z', '2026-11-20T12:00:00', '2026-11-20',
  '2026-11-20T12:00:00+0100', '2026-11-20T12:00:00+01', '2026-11-20T12:00:00+01:00', '2026-11-20T12:00:00-00:00',
  '2026-11-20T12:00:00+23:59', '2026-11-20T12:00:00+24:00', '2026-11-20T12:00:00-12:60', '2026-11-20T24:00:00Z',
  '2026-11-20T23:60:00Z', '2026-11-20T12:00:60Z', '2016-12-31T23:59:60Z', '2016-12-31T15:59:60-08:00',
  '2017-01-01T00:59:60.5+01:00', '2016-12-31T23:59:60+01:00', '2016-12-31T23:59:61Z', '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z', '2026-01-00T00:00:00Z', '2026-04-31T00:00:00Z', '2026-11-20T12:00:00.Z', '2026-11-20T12:00:00.1Z',
  '2026-11-20T12:00:00.123456789012345678901234567890Z', '2026-11-20T12:00:00,5Z', '2026-11-20T12:00Z',
  '2026-11-20T1:00:00Z', '26-11-20T12:00:00Z', '02026-11-20T12:00:00Z', '2026-11-20T12:00:00ZZ', ' 2026-11-20T12:00:00Z',
  '2026-11-20T12:00:00Z\n', '٢٠٢٦-11-20T12:00:00Z', '+2026-11-20T12:00:00Z', '2026-11-20T12:00:00+1:00', '2026-W47-5T12:00:00Z',
];

const REFERENCES = [
  '/a/b', 'a/b', 'a', '.', '..', '/', '//', '//h', '///', '//h:80', '//h:', '//h:8a', '//u@h', '//u:p@h', '//u@h@i', '?q', '#f',
  '?', '#', '#a#b', 'a?b?c', 'a:b', '1:b', 'a:b:c', ':', ':a', 'a/b:c', '1-555-123-4567', '%41', '%zz', '%4', '%', 'a%20b', 'a b',
  ' a', 'a ', 'a\tb', 'a\nb', 'http://exämple.org', 'http://example.org/ä', 'a|b', 'a^b', 'a\\b', '`', '<a>', '"', '{a}', '[a]',
  'a[0]', 'http://[::1]', 'http://[::1]:80/x', 'http://[::1', 'http://::1]', 'http://[1::2::3]', 'http://[1:2:3:4:5:6:7:8]',
  'http://[1:2:3:4:5:6:7:8:9]', 'http://[::ffff:192.0.2.1]', 'http://[::ffff:192.0.2.256]', 'http://[v1.x]', 'http://[v.x]',
  'http://[vf.a:b]', 'http://[]', 'http://[::1%25eth0]', 'http://[12345::]', 'http://[1:2:3:4:5:6:7::]', 'http://[::2:3:4:5:6:7:8]',
  'http://', 'http:', 'http:/', 'http:a', 'http://example.org', 'HTTP://EXAMPLE.ORG', 'http://example.org:65536/', 'http://256.1.1.1/',
  'http://example.org/%e2%82%ac?a=b&c=d#e', 'http://example.org/#a#b', 'http://a b/', 'http://a:b:c/', 'http://%41/', 'http://%4/',
  'http://u%20:p@h/', 'http://[::1]a/', 'http://h?q', 'http://h#f', 'mailto:a@example.org', 'urn:isbn:0451450523', 'tag:a,2026:b',
  'pkg:oci/cart@sha256%3A0b31', 'pkg:oci/cart@sha256:0b31', 'a+b.c-d:x', '+a:b', '-a:b', 'git@example.org:a/b.git',
  'ssh://git@example.org/a.git', 'file:///a/b', 'C:\\a', 'data:,', 'x:\u007f', 'x:€', 'a\u200bb', "it's", 'a(b)', 'a*b',
  'job/x/7/', '~', 'a;b=c', '@', 'a@b', '!$&\'()*+,;=', 'http://example.org/a/../b', '\u{1f600}',
];

const WORDS = ['', ' ', 'x', 'SUCCESS', 'success ', 'success', 'pass', 'fail', 'failure', 'other', 'PATH', 'path', 'END', 'RELATION', '\ufeff'];
const VERSIONS = ['0.1.0', '0.3.0', '0.4.0', '0.4.0-draft', '0.4.1', '0.4', '0.40.0', '0.5.1', '00.4.0', ' 0.4.0', 'x'];
const CUSTOM = ['mytool-resource', 'my-tool-resource', 'mytool', '-a', 'a-', 'a1-b', 'a-b1', 'A-B', 'ä-b', 'a-b\n'];
const CUSTOM_TYPES = [
  'dev.cdeventsx.a-b.c.0.1.0', 'dev.cdeventsx.a-b.c.0.10.0', 'dev.cdeventsx.a-b.c.0.1', 'dev.cdeventsx.a-b-c.d.0.1.0',
  'dev.cdeventsx.a1-b.c.0.1.0', 'dev.cdeventsx.a-b1.c.0.1.0', 'dev.cdeventsx.a-b.c1.0.1.0', 'dev.cdeventsx.ab.c.0.1.0',
  'dev.cdeventsx.a-b.c.0.1.0-draft', 'dev.cdeventsx.A-B.C.9.9.9', 'dev.cdeventsx.a-b.c.0.1.0.0', 'dev.cdeventsx.a-b.c.x.1.0',
];
const DOMAINS = [
  'cdevents:v0:github::a:b/c:pr:42', 'cdevents:v0:::::pr:42', 'cdevents:v0:::::pr:', 'cdevents:v0::::::42', 'cdevents:v1:::::pr:42',
  'cdevents:v0:g:::/b:pr:42', 'cdevents:v0:g:::b/:pr:42', 'cdevents:v0:g:::b//c:pr:42', 'cdevents:v0:g:::b:pr:42:43',
  'cdevents:v0:g:::b:pr:a\nb', 'cdevents:v0:g:::b:pr:a\u2028b', 'cdevents:v0:g:::/:pr:4', 'CDEVENTS:v0:::::pr:42', 'cdevents:v0:pr:42',
];
const KINDS = [null, '', 'x', 0, -1.5, true, false, [], {}, ['x'], [null], [{}], { x: 1 }, { id: 'x' }, [[]]];
const EXTRA = ['extra', 'url', 'uri', 'type', 'version', 'specversion', 'chain_id', 'chainId', 'links', 'schemaUri', 'source',
  'customData', 'tags', 'link_type', 'linkType', 'contextId', 'domainId', '', '__proto__'];
const LINKS = [
  {}, { linkType: 'PATH' }, { linkType: 'PATH', from: {} }, { linkType: 'PATH', from: { contextId: 'x', more: 1 } },
  { linkType: 'PATH', from: { domainId: 'x' } }, { linkType: 'END' }, { linkType: 'END', from: {} }, { linkType: 'END', tags: { a: 1 } },
  { linkType: 'RELATION', linkKind: 'K', target: {} }, { linkType: 'RELATION', linkKind: '', target: { contextId: 'x' } },
  { linkType: 'RELATION', linkKind: 'K', target: { domainId: 'x' } }, { linkType: 'RELATION', target: { contextId: 'x' } },
  { linkType: 'START' }, { linkType: 'path', from: { contextId: 'x' } }, { link_type: 'PATH', from: { context_id: 'x' } },
  { link_type: 'PATH', from: { contextId: 'x' } }, { link_type: 'END', from: { context_id: 'x' } },
  { link_type: 'RELATION', link_kind: 'K', target: { context_id: 'x' } }, { linkType: 'END', link_type: 'END' },
  { linkType: 'PATH', from: { contextId: 'x' }, tags: null }, 'x', null, 1, [],
];

/// Every place in the document: [parent, key, path].
function* places(value, path = '') {
  if (value === null || typeof value !== 'object') return;
  for (const key of Object.keys(value)) {
    yield [value, Array.isArray(value) ? Number(key) : key, `${path}/${key}`];
    yield* places(value[key], `${path}/${key}`);
  }
}

function textsFor(path, key) {
  if (key === 'timestamp') return TIMES;
  if (path === '/context/version' || path === '/context/specversion') return VERSIONS;
  if (path === '/context/type') return CUSTOM_TYPES;
  if (path === '/subject/type') return [...WORDS, ...CUSTOM];
  if (key === 'domainId') return DOMAINS;
  if (/^(source|uri|url|viewUrl|schemaUri|ticketURI|requestor|responder)$/.test(key)) return REFERENCES;
  return WORDS;
}

/// Calls `use` with the event and with each of its mutants. The document is changed in place and restored: `use` must not
/// keep it.
/// @param texts  which of the texts of a place are tried, so that not each of a hundred types tries each of them
export function forEachMutant(event, use, texts = () => true) {
  use(event);
  for (const kind of KINDS) use(kind);
  let count = 0;
  for (const [parent, key, path] of [...places(event)]) {
    const before = parent[key];
    const replace = (value) => {
      parent[key] = value;
      use(event);
    };
    for (const kind of KINDS) replace(kind);
    if (typeof before === 'string') {
      for (const text of textsFor(path, key)) if (texts(count++)) replace(text);
    }
    if (key === 'links') for (const link of LINKS) replace([link]);
    parent[key] = before;
    if (Array.isArray(parent)) continue;
    // Removed and put back: the order of the members does not matter, but the document must stay as it was.
    const members = Object.entries(parent);
    delete parent[key];
    use(event);
    for (const [name] of members) delete parent[name];
    for (const [name, value] of members) parent[name] = value;
  }
  for (const object of [event, ...[...places(event)].map(([parent, key]) => parent[key])]) {
    if (object === null || typeof object !== 'object' || Array.isArray(object)) continue;
    for (const name of EXTRA) {
      if (Object.hasOwn(object, name)) continue;
      for (const value of ['x', {}]) {
        Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
        use(event);
        delete object[name];
      }
    }
  }
}
