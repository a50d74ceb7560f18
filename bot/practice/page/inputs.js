/** Form fields. Each builder gives {node, read()}; the workspace is told what `read` gives, and checks it. */

import { h } from "./dom.js";
import { plain, renderText } from "./mrkdwn.js";

export const FIELDS = {
  plain_text_input: text,
  number_input: number,
  static_select: select,
  radio_buttons: radios,
  checkboxes: ticks,
  datepicker: date,
};

/** What a view's state says was entered, by field key. */
export function entered(view) {
  const blocks = Object.entries(view.state?.values ?? {});
  return new Map(
    blocks.flatMap(([block, actions]) =>
      Object.entries(actions).map(([action, state]) => [
        `${block}/${action}`,
        state.value ??
          state.selected_option?.value ??
          state.selected_options?.map((option) => option.value) ??
          state.selected_date ??
          null,
      ]),
    ),
  );
}

/** What stands in these fields now, as {block_id: {action_id: value}}. */
export function valuesOf(fields) {
  const values = {};
  for (const { blockId, actionId, read } of fields.values()) (values[blockId] ??= {})[actionId] = read();
  return values;
}

/** What was entered before a redraw, an emptied field included; else what the app begins with. */
const begin = (kept, initial) => (kept === undefined ? initial : kept);

function text(spec, { kept, names: _names, ...about }) {
  const props = {
    ...about,
    class: "field-input",
    placeholder: plain(spec.placeholder) || null,
    maxlength: spec.max_length,
  };
  const node = spec.multiline
    ? h("textarea", { ...props, rows: 4 })
    : h("input", { ...props, type: "text", autocomplete: "off" });
  node.value = begin(kept, spec.initial_value) ?? "";
  return { node, read: () => node.value || null };
}

function number(spec, { kept, names: _names, ...about }) {
  const node = h("input", {
    ...about,
    class: "field-input",
    type: "text",
    inputmode: spec.is_decimal_allowed ? "decimal" : "numeric",
    autocomplete: "off",
    placeholder: plain(spec.placeholder) || null,
  });
  node.value = begin(kept, spec.initial_value) ?? "";
  return { node, read: () => node.value.trim() || null };
}

function select(spec, { kept, names: _names, ...about }) {
  const chosen = begin(kept, spec.initial_option?.value);
  const choice = (option) =>
    h("option", { value: option.value, selected: option.value === chosen }, plain(option.text));
  const groups = spec.option_groups?.map((group) =>
    h("optgroup", { label: plain(group.label) }, group.options.map(choice)),
  );
  const node = h(
    "select",
    { ...about, class: "field-input field-select" },
    h(
      "option",
      { value: "", disabled: true, hidden: true, selected: !chosen },
      plain(spec.placeholder) || "Choose an option",
    ),
    groups ?? spec.options.map(choice),
  );
  return { node, read: () => node.value || null };
}

function date(spec, { kept, names: _names, ...about }) {
  const node = h("input", { ...about, class: "field-input field-date", type: "date" });
  node.value = begin(kept, spec.initial_date) ?? "";
  return { node, read: () => node.value || null };
}

function radios(spec, about) {
  const chosen = begin(about.kept, spec.initial_option?.value);
  const { node, chosenValues } = options(spec, about, "radio", (option) => option.value === chosen);
  return { node, read: () => chosenValues()[0] ?? null };
}

function ticks(spec, about) {
  const chosen =
    begin(
      about.kept,
      spec.initial_options?.map((option) => option.value),
    ) ?? [];
  const { node, chosenValues } = options(spec, about, "checkbox", (option) => chosen.includes(option.value));
  return { node, read: chosenValues };
}

function options(spec, { kept: _kept, names, id, ...about }, type, isChosen) {
  const role = type === "radio" ? "radiogroup" : "group";
  const node = h(
    "div",
    { ...about, id, class: "field-options", role },
    spec.options.map((option) =>
      h(
        "label",
        { class: "field-option" },
        h("input", { type, name: id, value: option.value, checked: isChosen(option) }),
        h(
          "span",
          {},
          renderText(option.text, names),
          option.description
            ? h("span", { class: "field-hint" }, renderText(option.description, names))
            : null,
        ),
      ),
    ),
  );
  return { node, chosenValues: () => [...node.querySelectorAll("input:checked")].map((box) => box.value) };
}
