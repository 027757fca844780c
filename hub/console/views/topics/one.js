// What comes on a topic, or on all that a filter names: the last messages, live, and a plot of each number in them.
import {h, keyed, name, setAttr, setText, short, visible} from '../../lib/dom.js';
import {follow, get} from '../../lib/api.js';
import {bodyView} from '../../lib/body.js';
import {bytes, count, plural, utc, when} from '../../lib/format.js';
import {spark} from '../../lib/plot.js';
import {link} from '../../lib/router.js';
import {Values} from './values.js';

const LAST = 10;
const PAST = 200;        // recorded messages, for the plots
const DRAW_MS = 500;
const AGAIN_MS = 5_000;
const ADDRESS_MAX = 12_000;  // characters of an address: the hub's headers are 16 KiB at most

const fine = new Intl.NumberFormat('en', {maximumSignificantDigits: 6});
const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const numberText = (value) => (Math.abs(value) >= 100_000 ? whole : fine).format(value);

export function valuesOf(filter, {live}) {
  const values = new Values();
  const asked = new AbortController();
  const said = h('p', {class: 'hint', role: 'status'}, 'Waiting for a message\u2026');
  const plots = h('ul', {class: 'plain-list topics-plots'});
  const list = h('ol', {class: 'plain-list topics-last'});
  const element = h('section', {class: 'sheet'},
    h('div', {class: 'head'}, h('h2', {}, 'Last values of ',
      h('code', {}, name(short(filter, 120), {title: visible(filter).slice(0, 1000)})))),
    said, plots, h('h3', {}, 'Last messages'), list);
  let last = [];
  let seen = 0;
  let lost = 0;
  let state = 'on';
  let timer = 0;
  let again = 0;
  let end = () => {};
  const waiting = [];   // messages of the tail that came before the past did
  let past = false;

  function take(message, at) {
    values.add(message);
    last.unshift({...message, key: at});
    last.length = Math.min(last.length, LAST);
  }
  function come(message) {
    if (!past) return void waiting.push(message);
    take(message, 'live' + ++seen);
    timer ||= setTimeout(draw, DRAW_MS);
    return undefined;
  }

  // A browser goes on by itself unless the answer was no stream, as of a hub that is about to be there.
  function listen() {
    end();
    end = follow('/v1/tail/' + encodeURIComponent(filter), {payload: 1}, come, (next, how) => {
      if (next === 'lost') lost += how?.events ?? 0;
      else state = next;
      if (next === 'closed') again = setTimeout(listen, AGAIN_MS);
      timer ||= setTimeout(draw, DRAW_MS);
    });
  }

  async function begin() {
    if (encodeURIComponent(filter).length > ADDRESS_MAX) return setText(said,
      'The hub cannot be asked for a name of this length.');
    listen();
    let failed = '';
    try {
      const recorded = await get('/v1/recent', {filter, payload: 1, newest: 1, count: PAST}, {signal: asked.signal});
      for (const message of recorded.messages) take(message, 'past' + message.number);
    } catch (error) {
      if (error.name === 'AbortError') return undefined;
      failed = error.message;
    }
    past = true;
    const newest = last[0]?.arrived_ms ?? 0;
    for (const message of waiting.splice(0)) if (message.arrived_ms > newest) come(message);
    draw();
    if (failed) setText(said, failed);
    return undefined;
  }

  function draw() {
    clearTimeout(timer);
    timer = 0;
    setText(said, stateText());
    keyed(plots, values.shown(live.now_ms || Date.now()), ({key}) => key, makePlot, updatePlot);
    keyed(list, last, ({key}) => key, messageNode);
  }
  function stateText() {
    if (state === 'closed') return 'The hub gives no stream: the filter may be wrong, or this user may not look.';
    if (state === 'away') return 'The stream is broken; it goes on by itself.';
    if (last.length === 0) return 'No message is recorded, and none has come since you look.';
    return `Live: ${plural(seen, 'message')} since you look` + (lost > 0 ? `; ${count(lost)} came too fast to be shown.`
      : '.');
  }

  function makePlot({topic, path}) {
    const line = spark({label: `${visible(path)} over the last minutes`});
    const value = h('span', {class: 'topics-number'});
    const range = h('span', {class: 'hint'});
    const li = h('li', {}, h('p', {}, h('strong', {}, name(short(path, 60))), ' ', value, ' ',
      topic === filter ? null : h('span', {class: 'hint'}, name(short(topic, 60)))), line.element, range);
    li.parts = {line, value, range};
    return li;
  }
  function updatePlot(li, {path, points}) {
    const {line, value, range} = li.parts;
    const numbers = points.map(([, number]) => number);
    const words = `${numberText(Math.min(...numbers))} to ${numberText(Math.max(...numbers))}, ` +
      `${plural(points.length, 'value')} since ${when(points[0][0])}`;
    setText(value, numberText(numbers[numbers.length - 1]));
    setAttr(value, 'data-value', numbers[numbers.length - 1]);
    setText(range, words);
    line.update(points, `${short(path, 60)}: ${words}`);
  }

  begin();
  return {
    element,
    unmount() {
      asked.abort();
      end();
      clearTimeout(timer);
      clearTimeout(again);
    },
  };
}

function messageNode(message) {
  const text = message.payload === null || message.payload_base64 === null ? '(not for this user)'
    : message.payload ?? '(bytes)';
  const details = h('details', {class: 'route-body', ontoggle: () => {
    if (details.open && details.children.length === 1) details.append(facts(message), bodyView(message));
  }}, h('summary', {}, h('time', {datetime: utc(message.arrived_ms), title: utc(message.arrived_ms)},
    when(message.arrived_ms)), ' ',
    h('span', {class: 'topics-topic'}, name(short(message.topic, 80))), ' ', h('code', {}, name(short(text, 120)))));
  return h('li', {}, details);
}

function facts({client, qos, retain, body_bytes, seq, user_properties}) {
  const parts = [client ? ['from ', h('a', {href: link('clients', client)}, name(short(client, 60)))] : null,
    ` QoS ${qos}`, retain ? ', retained' : '', `, ${bytes(body_bytes)}`,
    seq ? [', ', h('a', {href: link('message', String(seq))}, 'its life')] : null,
    (user_properties ?? []).length ? ', ' + user_properties.map((pair) =>
      pair.map((one) => visible(one)).join('=')).join(', ').slice(0, 1000) : null];
  return h('p', {class: 'hint'}, parts);
}
