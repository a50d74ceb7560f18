/** Block Kit blocks to DOM nodes; `ctx` as in elements.js. */

import { h } from "./dom.js";
import { nextId, picture, renderElement, renderField, unsupported } from "./elements.js";
import { plain, renderText } from "./mrkdwn.js";
import { richText } from "./richtext.js";

const BLOCKS = {
  header: (block) => h("h3", { class: "block-header" }, plain(block.text)),
  section,
  context,
  divider: () => h("hr", { class: "block-divider" }),
  image,
  actions,
  input,
  rich_text: (block, ctx) => richText(block, ctx.names),
};

export function renderBlocks(blocks, ctx) {
  return blocks.map((block) => {
    const build = Object.hasOwn(BLOCKS, block.type)
      ? BLOCKS[block.type]
      : () => unsupported(`block “${block.type}”`);
    const node = build(block, ctx);
    node.classList.add("block");
    if (block.block_id) node.dataset.block = block.block_id;
    return node;
  });
}

function section(block, ctx) {
  const fields = block.fields?.map((field) =>
    h("div", { class: "section-field" }, renderText(field, ctx.names)),
  );
  return h(
    "div",
    { class: "block-section" },
    h(
      "div",
      { class: "section-main" },
      block.text ? h("div", { class: "section-text" }, renderText(block.text, ctx.names)) : null,
      fields?.length ? h("div", { class: "section-fields" }, fields) : null,
    ),
    block.accessory
      ? h("div", { class: "section-accessory" }, renderElement(block.accessory, block.block_id, ctx))
      : null,
  );
}

function context(block, ctx) {
  return h(
    "div",
    { class: "block-context" },
    block.elements.map((element) =>
      element.type === "image"
        ? picture(element, "context-image")
        : h("span", {}, renderText(element, ctx.names)),
    ),
  );
}

function image(block, ctx) {
  const shown = picture(block, "block-picture");
  const whole =
    shown.tagName === "IMG"
      ? h("a", { href: shown.getAttribute("src"), target: "_blank", rel: "noopener noreferrer" }, shown)
      : shown;
  return h(
    "figure",
    { class: "block-image" },
    block.title ? h("figcaption", {}, renderText(block.title, ctx.names)) : null,
    whole,
  );
}

function actions(block, ctx) {
  return h(
    "div",
    { class: "block-actions" },
    block.elements.map((element) => renderElement(element, block.block_id, ctx)),
  );
}

function input(block, ctx) {
  const id = nextId();
  const field = renderField(block.element, block.block_id, ctx, {
    live: Boolean(block.dispatch_action),
    about: {
      id,
      "aria-describedby": `${id}-about`,
      "aria-labelledby": `${id}-label`,
      "aria-required": block.optional ? null : "true",
    },
  });
  return h(
    "div",
    { class: "block-input" },
    h(
      "label",
      { class: "field-label", for: id, id: `${id}-label` },
      plain(block.label),
      block.optional ? h("span", { class: "field-optional" }, " (optional)") : null,
    ),
    field,
    h(
      "div",
      { id: `${id}-about` },
      h("p", { class: "field-error", "data-error": block.block_id, hidden: true }),
      block.hint ? h("p", { class: "field-hint" }, plain(block.hint)) : null,
    ),
  );
}
