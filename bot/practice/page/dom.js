/** Where DOM nodes are built: text always becomes a text node, so no words can turn into markup. */

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...present(children));
  return node;
}

/** Replace what a node holds. */
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
  return node;
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** The address if it is one a reader may safely follow, else null. */
export function safeUrl(address) {
  const text = String(address ?? "");
  if (/^\/(?!\/)/.test(text)) return text;
  return /^(https?:\/\/|mailto:|tel:)/i.test(text) ? text : null;
}

/**
 * Make the children of `parent` match `items` ({key, signature, render}). A child whose signature did not
 * change stays the same node, so what somebody is typing or has in focus survives other people's messages.
 */
export function reconcile(parent, items) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focus = focusMark();
  items.forEach((item, place) => {
    let node = known.get(item.key);
    if (!node || node.dataset.signature !== item.signature) {
      const fresh = item.render();
      fresh.dataset.key = item.key;
      fresh.dataset.signature = item.signature;
      node?.replaceWith(fresh);
      node = fresh;
    }
    known.delete(item.key);
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] ?? null);
  });
  known.forEach((node) => node.remove());
  restoreFocus(parent, focus);
}

/** Where the keyboard is, in words that outlive a redraw. */
export function focusMark() {
  const active = document.activeElement;
  const owner = active?.closest?.("[data-field]");
  if (!owner) return null;
  const caret = "selectionStart" in active ? active.selectionStart : null;
  return { active, field: owner.dataset.field, scope: owner.closest("[data-scope]")?.dataset.scope, caret };
}

export function restoreFocus(root, mark) {
  if (!mark || mark.active.isConnected) return;
  const scope = mark.scope ? (root.querySelector(`[data-scope="${CSS.escape(mark.scope)}"]`) ?? root) : root;
  const owner = scope.querySelector(`[data-field="${CSS.escape(mark.field)}"]`);
  const target = owner?.matches("input, textarea, select, button, a")
    ? owner
    : owner?.querySelector("input, textarea, select, button, a");
  target?.focus({ preventScroll: true });
  if (mark.caret !== null && target?.setSelectionRange && target.type !== "number") {
    target.setSelectionRange(mark.caret, mark.caret);
  }
}

/** Show that a control is at work until its answer is there; a second press meanwhile does nothing. */
export async function whileBusy(control, work) {
  if (control.getAttribute("aria-busy") === "true") return undefined;
  control.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    control.removeAttribute("aria-busy");
  }
}
