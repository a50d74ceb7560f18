/** What a person does in the workspace, over HTTP. Every refusal is an Error with a sentence to show. */

const UNREACHABLE =
  "The practice workspace does not answer. Is it still running? Start it again with `make demo`.";

async function request(path, body) {
  const options =
    body === undefined
      ? {}
      : {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error(UNREACHABLE);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The practice workspace answered ${response.status}.`);
  return answer;
}

export const people = () => request("/desk/people");
export const codes = () => request("/desk/codes");
export const app = () => request("/desk/app");
export const state = (me) => request(`/desk/state?as=${encodeURIComponent(me)}`);
export const say = (me, channel, text, threadTs) =>
  request("/desk/say", { as: me, channel, text, ...(threadTs ? { thread_ts: threadTs } : {}) });
export const act = (me, target, blockId, actionId, value) =>
  request("/desk/act", { as: me, ...target, block_id: blockId, action_id: actionId, value });
export const actInView = (me, viewId, blockId, actionId, value, values) =>
  act(me, { view_id: viewId, values }, blockId, actionId, value);
export const submit = (me, viewId, values) => request("/desk/submit", { as: me, view_id: viewId, values });
export const close = (me, viewId) => request("/desk/close", { as: me, view_id: viewId });
export const openHome = (me, tab) => request("/desk/home", { as: me, tab });
export const shortcut = (me, callbackId, channel, ts) =>
  request("/desk/shortcut", { as: me, callback_id: callbackId, channel, ...(ts ? { ts } : {}) });
export const faults = () => request("/practice/faults");
export const setFault = (body) => request("/practice/fault", body);
export const exchange = (control, body) => request(`/practice/exchange/${control}`, body);
