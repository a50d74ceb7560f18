/**
 * Interactive Block Kit elements. `ctx` is what stands around a block:
 * {names, act(blockId, actionId, value), fields: Map|null, kept: Map|null}.
 */

import { confirmed } from "./confirm.js";
import { h, safeUrl, whileBusy } from "./dom.js";
import { FIELDS } from "./inputs.js";
import { menu } from "./menu.js";
import { plain } from "./mrkdwn.js";

let count = 0;

export const nextId = () => `field-${(count += 1)}`;

const fieldKey = (blockId, actionId) => `${blockId}/${actionId}`;

/** One element of an actions block or an accessory; it tells the app at once. */
export function renderElement(spec, blockId, ctx) {
  if (spec.type === "button") return button(spec, blockId, ctx);
  if (spec.type === "overflow") return overflow(spec, blockId, ctx);
  if (spec.type === "image") return picture(spec, "block-thumbnail");
  if (!FIELDS[spec.type]) return unsupported(`element “${spec.type}”`);
  const label = plain(spec.placeholder) || spec.action_id;
  return renderField(spec, blockId, ctx, { live: true, about: { id: nextId(), "aria-label": label } });
}

/** A field; a live one tells the app of each choice, and `ctx.fields` learns how to read it. */
export function renderField(spec, blockId, ctx, { live, about }) {
  const build = FIELDS[spec.type];
  if (!build) return unsupported(`element “${spec.type}”`);
  const key = fieldKey(blockId, spec.action_id);
  const field = build(spec, {
    ...about,
    names: ctx.names,
    kept: ctx.kept?.get(key),
    "data-field": key,
    autofocus: spec.focus_on_load || null,
  });
  ctx.fields?.set(key, { blockId, actionId: spec.action_id, ...field });
  if (live) tellChanges(field, spec, blockId, ctx);
  return field.node;
}

function tellChanges(field, spec, blockId, ctx) {
  let settled = field.read();
  const tell = async () => {
    if (await confirmed(spec.confirm, ctx.names)) {
      settled = field.read();
      await whileBusy(field.node, () => ctx.act(blockId, spec.action_id, settled));
    } else {
      putBack(field.node, settled);
    }
  };
  field.node.addEventListener("change", tell);
}

function putBack(node, value) {
  if ("value" in node) node.value = value ?? "";
  const wanted = [value].flat();
  node.querySelectorAll?.("input").forEach((box) => (box.checked = wanted.includes(box.value)));
}

function button(spec, blockId, ctx) {
  const style = { primary: "button-primary", danger: "button-danger" }[spec.style] ?? "";
  const href = safeUrl(spec.url);
  const props = {
    class: `button ${style}`,
    "data-field": fieldKey(blockId, spec.action_id),
    "aria-label": spec.accessibility_label,
    onclick: (event) => press(event, spec, blockId, ctx),
  };
  if (!href) return h("button", { ...props, type: "button" }, plain(spec.text));
  return h(
    "a",
    { ...props, href, target: "_blank", rel: "noopener noreferrer" },
    plain(spec.text),
    h("span", { "aria-hidden": "true" }, " ↗"),
  );
}

async function press(event, spec, blockId, ctx) {
  const control = event.currentTarget;
  const href = safeUrl(spec.url);
  if (href && spec.confirm) event.preventDefault();
  if (!(await confirmed(spec.confirm, ctx.names))) return;
  if (href && spec.confirm) open(href, "_blank", "noopener");
  await whileBusy(control, () => ctx.act(blockId, spec.action_id, spec.value ?? null));
}

function overflow(spec, blockId, ctx) {
  const choose = async (option) => {
    if (await confirmed(spec.confirm, ctx.names)) await ctx.act(blockId, spec.action_id, option.value);
  };
  const items = spec.options.map((option) => {
    const href = safeUrl(option.url);
    const props = { class: "menu-item", role: "menuitem", onclick: () => choose(option) };
    return href
      ? h("a", { ...props, href, target: "_blank", rel: "noopener noreferrer" }, plain(option.text))
      : h("button", { ...props, type: "button" }, plain(option.text));
  });
  const holder = menu("More actions", "⋯", items, { className: "button button-overflow", align: "end" });
  holder.dataset.field = fieldKey(blockId, spec.action_id);
  return holder;
}

export function picture(spec, className) {
  const src = safeUrl(spec.image_url);
  const alt = spec.alt_text ?? "";
  if (!src) return h("p", { class: "missing" }, `Image: ${alt || "no description"}`);
  const image = h("img", { class: className, src, alt, loading: "lazy" });
  image.addEventListener("error", () =>
    image.replaceWith(h("p", { class: "missing" }, `Image that cannot be shown: ${alt}`)),
  );
  return image;
}

/** A visible gap is better than a silent one for whoever writes the bot. */
export function unsupported(what) {
  return h("span", { class: "unsupported" }, `The practice workspace does not draw the ${what}.`);
}
