// One route: its text with the checker's marks, where it leads, what it has done, its open windows, what it took and
// left, and boxes to try it in.
import {h, name, replace, setAttr, setNumber, setText, short, visible} from '../../lib/dom.js';
import {get} from '../../lib/api.js';
import {act} from '../../lib/dialog.js';
import {count, duration, percent, rate, utc, when} from '../../lib/format.js';
import {link} from '../../lib/router.js';
import {checked, isMistake, spanPick, trial, trialBox} from './trial.js';
import {textBox} from './text.js';
import {tries} from './try.js';
import {windowsOf} from './windows.js';
import {endNodes, separated, sourceNode, stateWord, trouble, troubleText} from './words.js';

const RATED = ['evaluated', 'matched', 'results'];
const NUMBERS = [
  ['evaluated', 'Evaluated'], ['matched', 'Matched'], ['results', 'Results'], ['undefined', 'Undecided'],
  ['unreadable', 'Unreadable'], ['type_errors', 'Type errors'],
];

export function one(root, route, app) {
  const {live} = app;
  const asked = new AbortController();
  const title = h('bdi', {class: 'name', title: visible(route.name).slice(0, 1000)}, short(route.name, 200));
  const state = h('span', {class: 'tag', 'data-field': 'state'});
  const absent = h('p', {class: 'banner', role: 'status', hidden: true},
    'The hub has no route of this name, or has it no more.');
  const wrong = h('p', {class: 'banner', hidden: true});
  const text = textPart(route.name, live, asked.signal);
  const parts = [text, facts(route.name, app), numbers(live), windowsOf(route.name, app), shadow()];
  const last = app.can('operate') ? lastMessages(route.name, text, asked.signal)
    : {element: h('section', {class: 'sheet'}, h('h2', {}, 'Last messages'), h('p', {class: 'hint'},
      'To see which messages it took and left, and why, takes the role operate: yours only looks.')), update() {}};
  const trying = app.can('operate') ? tries(route, app, text) : null;
  const body = h('div', {'data-route': route.name, hidden: true}, text.element,
    h('div', {class: 'columns route-parts'}, parts.slice(1).map(({element}) => element)), last.element,
      trying?.element);
  root.append(h('div', {class: 'head'}, h('h1', {}, h('a', {class: 'up', href: link('route')}, 'Routes'), ' / ', title),
    state),
              absent, wrong, body);
  return {
    update() {
      const row = live.routes.get(route.name);
      absent.hidden = Boolean(row);
      if (!row) return;
      body.hidden = false;
      setText(state, stateWord(row));
      setAttr(state, 'class', 'tag ' + trouble(row));
      const words = troubleText(row);
      wrong.hidden = !words;
      setText(wrong, visible(words).slice(0, 2_000));
      setAttr(wrong, 'class', 'banner ' + trouble(row));
      for (const part of parts) part.update(row);
      last.update(row);
      trying?.update(row);
    },
    unmount() {
      asked.abort();
      for (const part of parts) part.unmount?.();
      trying?.unmount();
    },
  };
}

// ---- its text ----

// The route as a file has it: its text, and what stands beside it (priority, links, late…). `entry(text)` is that with
// another text.
function textPart(routeName, live, signal) {
  const box = textBox('Text of the route');
  const said = h('p', {class: 'hint', role: 'status'});
  const others = h('ul', {class: 'plain-list'});
  const error = h('pre', {class: 'bad-text', tabindex: '0', 'aria-label': 'Its mistake', hidden: true});
  let shown = '';
  let object = {};
  let findings = [];
  const ready = get('/v1/routes/file', {}, {signal}).then((file) => {
    const written = file.routes?.[routeName];
    if (written && typeof written === 'object') object = written;
  }, () => {});  // without what stands beside it the text alone is checked
  const entry = (text) => Object.keys(object).length ? {...object, route: text} : text;

  async function check(text) {
    await ready;
    try {
      const result = await checked(routeName, entry(text), signal);
      if (text !== shown) return;
      findings = result.findings.filter((one) => isMistake(one, live, live.routes.get(routeName)?.error ? '' : text));
      box.show(text, findings);
      setText(said, marksText(findings));
      replace(others, result.others.map((line) => h('li', {class: 'warn-text'}, visible(line))));
    } catch (failed) {
      if (failed.name !== 'AbortError') setText(said, failed.message);
    }
  }
  return {
    element: h('section', {class: 'sheet'}, h('h2', {}, 'Text'), box.element, said, others, error),
    entry, ready, text: () => shown, findings: () => findings,
    update(row) {
      // Of a route that is kept the text here is the one in force: what is wrong with the written one stands in its
      // error.
      error.hidden = !row.error || !row.kept && findings.some(({severity}) => severity === 'error');
      setText(error, visibleLines(row.error));
      if (row.text === shown) return;
      findings = [];
      shown = row.text;
      box.show(shown);
      check(shown);
    },
  };
}

const visibleLines = (text) => text.split('\n').map(visible).join('\n').trimEnd();

export function marksText(findings) {
  const errors = findings.filter(({severity}) => severity === 'error').length;
  const warnings = findings.length - errors;
  if (findings.length === 0) return 'The checker finds nothing wrong.';
  return [errors && `${count(errors)} ${errors === 1 ? 'error' : 'errors'}`,
          warnings && `${count(warnings)} ${warnings === 1 ? 'warning' : 'warnings'}`].filter(Boolean).join(', ') +
            ', marked in the text.';
}

// ---- what is known of it ----

// A list of questions with their answers: row(key, title) makes one; say(key, text or nodes) writes it, and hides it
// without.
function factList(rows) {
  const all = new Map(rows.map(([key, title]) => [key, [h('dt', {}, title), h('dd', {'data-field': key})]]));
  return {
    element: h('dl', {class: 'facts-list'}, [...all.values()]),
    dd: (key) => all.get(key)[1],
    say(key, text, make = null) {
      const [dt, dd] = all.get(key);
      dt.hidden = dd.hidden = text === '';
      if (!make) return setText(dd, text);
      if (dd.drawn === text) return undefined;
      dd.drawn = text;
      return replace(dd, make());
    },
  };
}

function facts() {
  const list = factList([
    ['source', 'Takes from'], ['endpoint', 'Leads to'], ['priority', 'Priority'], ['ttl_s', 'Time to live'],
    ['file', 'Written in'], ['active', 'State'], ['undefined_last', 'Undecided last'],
    ['type_error_last', 'Last type error'],
  ]);
  return {
    element: h('section', {class: 'sheet'}, h('h2', {}, 'Where it leads'), list.element),
    update(row) {
      list.say('source', row.source ?? row.text, () => sourceNode(row));
      list.say('endpoint', row.endpoint || 'nowhere', () => row.endpoint ? separated(endNodes(row)) : 'nowhere');
      list.say('priority', row.priority === null ? '' : String(row.priority));
      list.say('ttl_s', row.ttl_s > 0 ? duration(row.ttl_s * 1000) : '');
      list.say('file', visible(row.file));
      list.say('active', row.kept ? 'an earlier version is in force: the one that is written is broken'
        : stateWord(row));
      list.say('undefined_last', row.undefined_last &&
        `${when(row.undefined_last_ms)}: ${visible(row.undefined_last).slice(0, 2_000)}`);
      setAttr(list.dd('undefined_last'), 'title', utc(row.undefined_last_ms) || null);
      list.say('type_error_last', visible(row.type_error_last).slice(0, 2_000));
    },
  };
}

function numbers(live) {
  const rows = NUMBERS.map(([field, title]) => {
    const value = h('td', {class: 'number', 'data-field': field});
    const speed = h('td', {class: 'number', 'data-field': 'rate'});
    return {field, value, speed, tr: h('tr', {}, h('th', {scope: 'row'}, title), value, speed)};
  });
  const part = h('p', {class: 'hint'});
  return {
    element: h('section', {class: 'sheet'}, h('h2', {}, 'What it has done since it was loaded'),
      h('table', {}, h('caption', {class: 'unseen'}, 'Counters of the route'),
        h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Messages'), h('th', {scope: 'col', class: 'number'}, 'all'),
                               h('th', {scope: 'col', class: 'number'}, 'now'))),
        h('tbody', {}, rows.map(({tr}) => tr))), part),
    update(row) {
      for (const {field, value, speed} of rows) {
        setNumber(value, row[field], count(row[field]));
        if (RATED.includes(field)) setNumber(speed, live.rate('routes', row.name, field),
          rate(live.rate('routes', row.name, field)));
      }
      setText(part, row.evaluated > 0 ? `${percent(row.matched, row.evaluated)} of what came from its source matched.`
        : 'Nothing has come from its source yet.');
    },
  };
}

function shadow() {
  const list = factList([['shadow.evaluated', 'Looked at'], ['shadow.results', 'Would have given'],
    ['shadow.missed', 'Missed'],
                         ['shadow.last_ms', 'Last result']]);
  const lastOf = ({last_ms, last_to, last_topic, last_body}) => last_ms ?
    `${when(last_ms)} to ${last_to} ${last_topic}: ${last_body ?? '(not for this user)'}` : 'none yet';
  const element = h('section', {class: 'sheet', hidden: true}, h('h2', {}, 'As a shadow'),
    h('p', {class: 'hint'}, 'It counts what it would give, and delivers nothing.'), list.element);
  return {
    element,
    update({shadow}) {
      element.hidden = !shadow;
      if (!shadow) return;
      for (const field of ['evaluated', 'results', 'missed']) setNumber(list.dd('shadow.' + field), shadow[field],
        count(shadow[field]));
      setText(list.dd('shadow.last_ms'), visible(lastOf(shadow)).slice(0, 2_000));
    },
  };
}

// ---- what it took and left ----

function lastMessages(routeName, text, signal) {
  const box = trialBox();
  let since_s = 3_600;
  let asked = '';
  const look = async () => {
    box.say('Looking at what is recorded\u2026');
    await text.ready;
    try {
      box.show(await trial(routeName, text.entry(text.text()), {since_s, signal}));
    } catch (error) {
      if (error.name !== 'AbortError') box.say(error.message, true);
    }
  };
  const again = h('button', {type: 'button', class: 'quiet', onclick: () => act(again, look)}, 'Look again');
  const pick = spanPick('How far back', since_s, (value) => {
    since_s = value;
    act(again, look);
  });
  return {
    element: h('section', {class: 'sheet'}, h('div', {class: 'head'}, h('h2', {}, 'Last messages'), pick, again),
      box.element),
    update(row) {
      if (row.text === asked) return;
      asked = row.text;
      look();
    },
  };
}

