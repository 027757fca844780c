// Questions and short words. A dangerous verb says what it will do, to how many messages, before it does it.
import {h} from './dom.js';

// Resolves to true if the verb was chosen. `text`: sentences or nodes.
export function ask({title, text, verb, danger = false}) {
  return new Promise((resolve) => {
    const answer = (yes) => () => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const dialog = h('dialog', {'aria-labelledby': 'ask-title', oncancel: answer(false)},
      h('h2', {id: 'ask-title'}, title),
      [text].flat().map((one) => one instanceof Node ? one : h('p', {}, one)),
      h('div', {class: 'actions'},
        h('button', {type: 'button', class: 'quiet', autofocus: true, onclick: answer(false)}, 'Cancel'),
        h('button', {type: 'button', class: danger ? 'danger' : 'primary', onclick: answer(true)}, verb)));
    document.body.append(dialog);
    dialog.showModal();
  });
}

// Says what became of a verb; a screen reader reads it out.
export function toast(text, kind = 'good') {
  let place = document.getElementById('toasts');
  if (!place) document.body.append(place = h('div', {id: 'toasts', role: 'status', 'aria-live': 'polite'}));
  const one = h('p', {class: 'toast ' + kind}, text,
                h('button', {class: 'close', type: 'button', 'aria-label': 'Close', onclick: () => one.remove()}, '\u00d7'));
  place.append(one);
  if (kind === 'good') setTimeout(() => one.remove(), 6_000);
}

// Runs a verb with its button out of reach, and says how it ended. Resolves to its value, or undefined.
export async function act(button, verb, done = () => '') {
  button.disabled = true;
  try {
    const value = await verb();
    const said = done(value);
    if (said) toast(said);
    return value;
  } catch (error) {
    if (error.name !== 'AbortError') toast(error.message, 'bad');
    return undefined;
  } finally {
    button.disabled = false;
  }
}
