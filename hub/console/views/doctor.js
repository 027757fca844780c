// What is wrong or will be, and one step for each: the findings that `headgate doctor` has of the hub.
import {h, keyed, name, replace, setText, visible} from '../lib/dom.js';
import {get} from '../lib/api.js';
import {plural, when} from '../lib/format.js';

const WORDS = {error: 'is wrong now', warning: 'needs a look', info: 'worth knowing'};
const CLASS = {error: 'bad', warning: 'warn', info: ''};
const ORDER = ['error', 'warning', 'info'];

const finding = (one) => h('li', {class: 'sheet finding'},
  h('p', {}, h('span', {class: 'tag ' + CLASS[one.severity]}, WORDS[one.severity] ?? one.severity), ' ',
    h('strong', {}, visible(one.check)), one.where ? [' ', name(one.where)] : null),
  h('p', {}, name(one.what)),
  one.todo ? h('p', {class: 'todo'}, h('span', {class: 'key'}, 'Do: '), /^(headgate|timedatectl|chmod) /.test(one.todo) ? h('code', {}, name(one.todo)) : name(one.todo)) : null);

export default {
  title: 'Doctor',
  mount(root) {
    const said = h('p', {class: 'said', role: 'status'});
    const list = h('ul', {class: 'findings'});
    const again = h('button', {type: 'button', onclick: examine}, 'Look again');
    let asked = new AbortController();
    root.append(h('div', {class: 'head'}, h('h1', {}, 'Doctor'), again), said, list,
      h('p', {class: 'hint'}, h('code', {}, 'headgate doctor'), ' on the hub\u2019s machine looks at the machine besides: its disk, its files, its limits.'));

    async function examine() {
      asked.abort();
      asked = new AbortController();
      again.disabled = true;
      setText(said, 'Looking, for about a second\u2026');
      try {
        const {findings} = await get('/v1/doctor', {}, {signal: asked.signal});
        show(findings);
      } catch (error) {
        if (error.name !== 'AbortError') setText(said, error.message);
      } finally {
        again.disabled = false;
      }
    }
    function show(findings) {
      const worst = [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
      const wrong = findings.filter(({severity}) => severity !== 'info').length;
      setText(said, `${wrong === 0 ? 'Nothing is wrong.' : plural(wrong, 'thing') + ' to do.'} Looked at ${when(Date.now())}.`);
      replace(list);
      list.keyedNodes = undefined;
      keyed(list, worst.map((one, i) => ({...one, i})), (one) => one.i, finding);
    }
    examine();
    return {unmount: () => asked.abort()};
  },
};
