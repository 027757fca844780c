// Sign-in by a token of the file of HTTP tokens. It is sent once and kept nowhere: the hub answers with a cookie.
import {h} from '../lib/dom.js';
import {signIn} from '../lib/api.js';

export default function signin(onSignedIn) {
  const token = h('input', {type: 'password', name: 'token', id: 'token', autocomplete: 'current-password', required: true,
                            spellcheck: 'false', autofocus: true});
  const problem = h('p', {class: 'problem', role: 'alert'});
  const button = h('button', {class: 'primary', type: 'submit'}, 'Sign in');
  async function send(event) {
    event.preventDefault();
    problem.textContent = '';
    button.disabled = true;
    try {
      onSignedIn(await signIn(token.value.trim()));
    } catch (error) {
      problem.textContent = error.status === 401 ? 'The hub does not know this token.' : error.message;
      token.select();
    } finally {
      button.disabled = false;
    }
  }
  return h('form', {class: 'signin', onsubmit: send},
    h('h1', {}, 'Headgate'),
    h('label', {for: 'token'}, 'Token'), token, button, problem,
    h('p', {class: 'hint'}, 'On the hub\u2019s machine, ', h('code', {}, 'headgate http token'), ' prints the administrator\u2019s. ',
      'A token is a role (read, operate, admin) and a user; what is shown here is what that user may see.'));
}
