// @ts-check
// The collector's page: asks /status every two seconds and shows it. Text from events goes into the page as text only.
'use strict';

/** @type {(id: string) => any} */
const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat('en');
const POLL_MS = 2000;

/**
 * @param {string} tag
 * @param {{class?: string, text?: string, title?: string}} [attributes]
 * @param {Node[]} [children]
 */
function element(tag, attributes = {}, children = []) {
  const node = document.createElement(tag);
  if (attributes.class) node.className = attributes.class;
  if (attributes.text !== undefined) node.textContent = attributes.text;
  if (attributes.title) node.title = attributes.title;
  node.append(...children);
  return node;
}

/** @param {number} bytes */
function inBytes(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  for (; bytes >= 1024 && i < units.length - 1; ++i) bytes /= 1024;
  return `${bytes.toFixed(i === 0 ? 0 : 1)} ${units[i]}`;
}

const STATE_CLASS = { running: 'good', starting: '', ended: '', waiting: 'warn', stopped: 'bad' };

/** @param {any} component @param {string[]} counts */
function componentRow(component, counts) {
  const state = element('td', {}, [
    element('span', { class: STATE_CLASS[component.state] ?? '', text: component.state }),
  ]);
  if (component.last_error) state.append(element('small', { text: component.last_error }));
  return element('tr', {}, [
    element('td', {}, [
      document.createTextNode(component.name),
      element('small', { text: component.type }),
    ]),
    state,
    ...counts.map((name) =>
      element('td', { class: 'number', text: number.format(component[name]) })),
  ]);
}

/** @param {any} event */
function eventRow(event) {
  const time = new Date(event.received_at);
  return element('tr', {}, [
    element('td', { class: 'time', text: time.toLocaleTimeString(), title: event.received_at }),
    element('td', { class: 'text', text: event.type.replace(/^dev\.cdevents\./, ''), title: event.type }),
    element('td', { class: 'text', text: event.subject_id }),
    element('td', { class: 'text' }, [
      document.createTextNode(event.source),
      element('small', { text: `by ${event.origin}` }),
    ]),
    element('td', { class: 'text', text: event.id }),
  ]);
}

/** @param {any} status */
function tiles(status) {
  /** @param {any[]} list @param {string} name */
  const sum = (list, name) => list.reduce((total, item) => total + item[name], 0);
  const all = [
    ['received since start', number.format(sum(status.sources, 'received'))],
    ['delivered', number.format(sum(status.sinks, 'delivered'))],
    ['in the queue', number.format(status.queue.events)],
    ['queue size', `${inBytes(status.queue.bytes)} of ${inBytes(status.queue.max_bytes)}`],
    ['dead letters', number.format(status.queue.dead_letters)],
  ];
  return all.map(([name, value]) =>
    element('div', { class: 'tile' }, [
      element('strong', { text: value }),
      element('span', { text: name }),
    ]));
}

function exampleEvent() {
  return {
    context: {
      specversion: '0.5.1',
      id: crypto.randomUUID(),
      source: 'https://ci.example.com',
      type: 'dev.cdevents.service.deployed.0.3.0',
      timestamp: new Date().toISOString(),
    },
    subject: {
      id: 'shop/checkout',
      content: {
        environment: { id: 'production' },
        artifactId: 'pkg:oci/checkout@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427?tag=1.4.2',
      },
    },
  };
}

let example = exampleEvent();

function showExample() {
  const url = byId('endpoint').value || 'http://127.0.0.1:8080/webhook/ID';
  byId('curl').textContent =
    `curl -H 'content-type: application/json' ${url} \\\n  -d '${JSON.stringify(example)}'`;
}

/** @param {any[]} endpoints */
function showEndpoints(endpoints) {
  const select = byId('endpoint');
  const known = [...select.options].map((option) => option.value).join(' ');
  if (known === endpoints.map((endpoint) => endpoint.url).join(' ')) return;
  select.replaceChildren(...endpoints.map((endpoint) => {
    const option = element('option', { text: `${endpoint.name}: ${endpoint.url}` });
    /** @type {any} */ (option).value = endpoint.url;
    return option;
  }));
  showExample();
}

/** @param {any} status */
function show(status) {
  const troubled = [...status.sources, ...status.sinks].filter((c) => c.last_error);
  const state = byId('state');
  state.textContent = !status.ready ? 'not accepting' : troubled.length ? 'accepting, but see below' : 'running';
  state.className = `pill ${!status.ready ? 'bad' : troubled.length ? 'warn' : 'good'}`;
  byId('notice').hidden = status.ready;
  byId('notice').textContent = status.reasons.join('; ');
  byId('version').textContent = status.version;
  byId('tiles').replaceChildren(...tiles(status));
  byId('sources').replaceChildren(
    ...status.sources.map((c) => componentRow(c, ['received', 'queued', 'filtered', 'refused'])));
  byId('sinks').replaceChildren(
    ...status.sinks.map((c) => componentRow(c, ['delivered', 'rejected', 'filtered', 'pending'])));
  byId('recent').replaceChildren(...status.recent.slice(0, 30).map(eventRow));
  byId('no-events').hidden = status.recent.length > 0;
  byId('send').hidden = status.endpoints.length === 0;
  showEndpoints(status.endpoints);
  byId('updated').textContent = `updated ${new Date(status.now).toLocaleTimeString()}`;
}

async function refresh() {
  try {
    const answer = await fetch('status', { cache: 'no-store' });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    show(await answer.json());
  } catch (error) {
    byId('state').textContent = 'no answer from the collector';
    byId('state').className = 'pill bad';
  }
}

async function poll() {
  await refresh();
  setTimeout(poll, POLL_MS);
}

async function sendExample() {
  const sent = byId('sent');
  sent.textContent = 'sending …';
  try {
    // The path alone: the page's own origin is the collector, under whatever name it was opened.
    const answer = await fetch(new URL(byId('endpoint').value).pathname, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(example),
    });
    const result = await answer.json().catch(() => ({}));
    sent.className = answer.ok ? 'good' : 'bad';
    sent.textContent = answer.ok
      ? `${answer.status}: safe on disk`
      : `${answer.status}: ${result.detail ?? result.title ?? 'refused'}`;
  } catch (error) {
    sent.className = 'bad';
    sent.textContent = 'no answer from the collector';
  }
  example = exampleEvent();
  showExample();
  await refresh();
}

byId('endpoint').addEventListener('change', showExample);
byId('try').addEventListener('click', sendExample);
byId('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(byId('curl').textContent);
  byId('sent').className = '';
  byId('sent').textContent = 'copied';
});
showExample();
poll();
