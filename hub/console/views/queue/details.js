// One message with all that is known of it: body, properties, times; used for what waits, dead letters and the life of
// a message.
import {h, name, replace, short, visible} from '../../lib/dom.js';
import {get, path} from '../../lib/api.js';
import {bodyView, fromBase64, hexDump} from '../../lib/body.js';
import {bytes, duration, utc, when} from '../../lib/format.js';
import {link} from '../../lib/router.js';
import {clock, priorityWords, why} from './words.js';

const VALUE_MAX = 2_000;  // characters of a property's value that are shown

// Who sent it: nodes.
export function source({client, device, module, made}) {
  if (client) return h('span', {}, h('a', {href: link('clients', client), title: visible(client).slice(0, 1000)},
    name(short(client, 40))),
                       module ? [' (', name(short(`${device}/${module}`, 60)), ')'] : null);
  if (module) return name(short(`${device}/${module}`, 60));
  return device ? name(short(device, 40)) : h('span', {class: 'hint'}, made ? 'a route' : 'the hub');
}

export const moment = (ms) => h('time', {datetime: utc(ms), title: utc(ms)}, when(ms));

// A list of facts: [[title, node or text]…]; those without a value are left out.
export const facts = (pairs) => h('dl', {class: 'facts-list'},
  pairs.filter(([, value]) => value !== '' && value !== null && value !== undefined).map(([title, value]) =>
    [h('dt', {}, title), h('dd', {}, value)]));

// Its properties as they travel with it.
export function properties(message) {
  const known = [['content type', message.content_type], ['content encoding', message.content_encoding],
    ['response topic', message.response_topic],
                 ['correlation data', message.correlation_base64 &&
                   hexDump(fromBase64(message.correlation_base64))]].filter(([, value]) => value);
  const own = message.properties ?? [];
  if (!known.length && !own.length) return null;
  const row = (kind, key, value) => h('tr', {}, h('th', {scope: 'row'}, name(short(key, 200))),
    h('td', {class: 'wrap mono-value'}, name(short(value, VALUE_MAX))), h('td', {class: 'hint'}, kind));
  return h('div', {class: 'rows', role: 'region', 'aria-label': 'Properties', tabindex: '0'},
    h('table', {}, h('caption', {class: 'unseen'}, 'Properties'),
    h('thead', {}, h('tr', {}, ['Property', 'Value', 'Of'].map((title) => h('th', {scope: 'col'}, title)))),
    h('tbody', {}, known.map(([key, value]) => row('MQTT', key, value)),
      own.map(([key, value]) => row('its sender', key, value)))));
}

// Fills `place` with a message that waits: asked for only when it is opened, since bodies are large.
export async function details(place, message, {of, app, row}) {
  replace(place, h('p', {class: 'hint'}, 'Asking the hub\u2026'));
  let whole = null;
  try {
    const page = await get(path('v1', 'queues', of, 'messages'),
      {cursor: `${message.lane}.${message.seq - 1}`, lane: message.lane, limit: 1, rows: 1, full: 1});
    whole = page.messages.find(({seq}) => seq === message.seq);
  } catch (error) {
    return replace(place, h('p', {class: 'bad-text'}, error.message));
  }
  const life = h('a', {href: link('message', String(message.seq))}, 'its life');
  if (!whole) return replace(place, h('p', {}, 'It has left the queue since. What became of it: ', life, '.'));
  const now_ms = clock(app.live);
  const stands = why(app.live.queues.get(of) ?? row ?? {});
  replace(place, h('div', {class: 'message-detail'},
    facts([
      ['Topic', name(short(whole.topic, 2_000))], ['From', source(whole)],
      ['Came', h('span', {}, moment(whole.arrived_ms), `, ${duration(now_ms - whole.arrived_ms)} ago`)],
      ['Expires', whole.expires_ms ? h('span', {}, moment(whole.expires_ms),
        whole.expires_ms > now_ms ? `, in ${duration(whole.expires_ms - now_ms)}` : ', now') : 'never'],
      ['Why it waits', visible(stands) || 'others are before it, or it is on its way'],
      ['Size', `${bytes(whole.body_bytes)}, QoS ${whole.qos}${whole.retain ? ', retained' : ''}, ` +
        `${priorityWords(whole.priority)}`],
      ['Id', h('span', {}, `seq ${whole.seq}: `, life)],
    ]),
    bodyView(whole), properties(whole)));
}
