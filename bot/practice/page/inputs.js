/** Form fields. Each builder gives {node, read(), check?()}: `read` is the value the workspace is told. */

import { h } from "./dom.js";
import { plain, renderText } from "./mrkdwn.js";

const REQUIRED = "Please complete this required field.";

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
  return new Map(blocks.flatMap(([block, actions]) => Object.entries(actions).map(([action, state]) => [
    `${block}/${action}`,
    state.value ?? state.selected_option?.value ?? state.selected_options?.map((option) => option.value) ?? state.selected_date ?? null,
  ])));
}

/** The field's message when it may not be sent as it stands, else null. */
export function problem(field) {
  const value = field.read();
  const empty = value === null || value === "" || (Array.isArray(value) && value.length === 0);
  if (empty) return field.optional ? null : REQUIRED;
  return field.check?.(value) ?? null;
}

/** What was entered before a redraw, an emptied field included; else what the app begins with. */
const begin = (kept, initial) => (kept === undefined ? initial : kept);

function text(spec, { kept, names: _names, ...about }) {
  const props = { ...about, class: "field-input", placeholder: plain(spec.placeholder) || null, maxlength: spec.max_length };
  const node = spec.multiline ? h("textarea", { ...props, rows: 4 }) : h("input", { ...props, type: "text", autocomplete: "off" });
  node.value = begin(kept, spec.initial_value) ?? "";
  const check = (value) => (spec.min_length && value.length < spec.min_length ? `Please write at least ${spec.min_length} characters.` : null);
  return { node, read: () => node.value || null, check };
}

function number(spec, { kept, names: _names, ...about }) {
  const node = h("input", {
    ...about, class: "field-input", type: "text", inputmode: spec.is_decimal_allowed ? "decimal" : "numeric", autocomplete: "off",
    placeholder: plain(spec.placeholder) || null,
  });
  node.value = begin(kept, spec.initial_value) ?? "";
  return { node, read: () => node.value.trim() || null, check: (value) => numberProblem(spec, value) };
}

function numberProblem(spec, value) {
  const pattern = spec.is_decimal_allowed ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(value)) return spec.is_decimal_allowed ? "Please enter a number, such as 12.5." : "Please enter a whole number.";
  if (spec.min_value !== undefined && Number(value) < Number(spec.min_value)) return `Please enter ${spec.min_value} or more.`;
  if (spec.max_value !== undefined && Number(value) > Number(spec.max_value)) return `Please enter ${spec.max_value} or less.`;
  return null;
}

function select(spec, { kept, names: _names, ...about }) {
  const chosen = begin(kept, spec.initial_option?.value);
  const choice = (option) => h("option", { value: option.value, selected: option.value === chosen }, plain(option.text));
  const groups = spec.option_groups?.map((group) => h("optgroup", { label: plain(group.label) }, group.options.map(choice)));
  const node = h("select", { ...about, class: "field-input field-select" },
    h("option", { value: "", disabled: true, hidden: true, selected: !chosen }, plain(spec.placeholder) || "Choose an option"),
    groups ?? spec.options.map(choice));
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
  const chosen = begin(about.kept, spec.initial_options?.map((option) => option.value)) ?? [];
  const { node, chosenValues } = options(spec, about, "checkbox", (option) => chosen.includes(option.value));
  return { node, read: chosenValues };
}

function options(spec, { kept: _kept, names, id, ...about }, type, isChosen) {
  const role = type === "radio" ? "radiogroup" : "group";
  const node = h("div", { ...about, id, class: "field-options", role }, spec.options.map((option) =>
    h("label", { class: "field-option" },
      h("input", { type, name: id, value: option.value, checked: isChosen(option) }),
      h("span", {}, renderText(option.text, names),
        option.description ? h("span", { class: "field-hint" }, renderText(option.description, names)) : null))));
  return { node, chosenValues: () => [...node.querySelectorAll("input:checked")].map((box) => box.value) };
}
