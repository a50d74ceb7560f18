/** Slack's mrkdwn to DOM nodes; `names` is {person(id), channel(id), me}. What is unknown stays text. */

import { formatDate, tooltip } from "./dates.js";
import { h, safeUrl } from "./dom.js";
import { emoji, withEmoji } from "./emoji.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const STYLES = [
  ["*", "strong", /\*(?=[^\s*])([^*\n]*?[^\s*])?\*(?![\p{L}\p{N}*])/uy],
  ["_", "em", /_(?=[^\s_])([^\n]*?[^\s_])?_(?![\p{L}\p{N}_])/uy],
  ["~", "s", /~(?=[^\s~])([^~\n]*?[^\s~])?~(?![\p{L}\p{N}~])/uy],
];

const unescaped = (text) => text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);

/** The text of a plain_text or mrkdwn object, as a string for places that take no markup. */
export const plain = (object) => withEmoji(unescaped(String(object?.text ?? "")));

/** Nodes of one text object. */
export function renderText(object, names) {
  if (!object) return [];
  return object.type === "mrkdwn"
    ? mrkdwn(object.text, names)
    : lines(unescaped(object.text ?? ""), plainLine);
}

/** Nodes of a whole mrkdwn text: code blocks first, then quotes, then what stands in a line. */
export function mrkdwn(text, names) {
  const parts = String(text ?? "").split(/```\n?([\s\S]+?)\n?```/);
  return parts.flatMap((part, place) => {
    if (place % 2) return [h("pre", { class: "code-block" }, unescaped(part))];
    const trimmed = place > 0 ? part.replace(/^\n/, "") : part;
    return quotes(place < parts.length - 1 ? trimmed.replace(/\n$/, "") : trimmed, names);
  });
}

function quotes(text, names) {
  if (!text) return [];
  const groups = [];
  for (const line of text.split("\n")) {
    const quoted = /^(&gt;|>)/.test(line);
    const content = quoted ? line.replace(/^(&gt;|>) ?/, "") : line;
    if (groups.length && groups.at(-1).quoted === quoted) groups.at(-1).lines.push(content);
    else groups.push({ quoted, lines: [content] });
  }
  return groups.flatMap((group) => {
    const nodes = lines(group.lines.join("\n"), (line) => inline(line, names));
    return group.quoted ? [h("blockquote", {}, nodes)] : nodes;
  });
}

function lines(text, render) {
  return text.split("\n").flatMap((line, place) => (place ? [h("br"), ...render(line)] : render(line)));
}

const plainLine = (line) => [withEmoji(line)];

/** Nodes of one line. */
function inline(text, names) {
  const nodes = [];
  let pending = "";
  const add = (node) => {
    if (pending) nodes.push(unescaped(pending));
    pending = "";
    nodes.push(node);
  };
  for (let at = 0; at < text.length;) {
    const found =
      codeAt(text, at) ??
      tokenAt(text, at, names) ??
      styleAt(text, at, names) ??
      emojiAt(text, at) ??
      urlAt(text, at);
    if (found) {
      add(found.node);
      at += found.length;
    } else {
      pending += text[at];
      at += 1;
    }
  }
  if (pending) nodes.push(unescaped(pending));
  return nodes;
}

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function codeAt(text, at) {
  const found = text[at] === "`" && match(/`([^`]+)`/y, text, at);
  return found ? { node: h("code", {}, unescaped(found[1])), length: found[0].length } : null;
}

function tokenAt(text, at, names) {
  const found = text[at] === "<" && match(/<([^<>]+)>/y, text, at);
  const node = found && token(found[1], names);
  return node ? { node, length: found[0].length } : null;
}

function styleAt(text, at, names) {
  const style = STYLES.find(([mark]) => mark === text[at]);
  if (!style || (at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1]))) return null;
  const found = match(style[2], text, at);
  return found?.[1] ? { node: h(style[1], {}, inline(found[1], names)), length: found[0].length } : null;
}

function emojiAt(text, at) {
  const found = text[at] === ":" && match(/:([a-z0-9_+-]+):/y, text, at);
  const symbol = found && emoji(found[1]);
  return symbol
    ? { node: h("span", { class: "emoji", title: found[0] }, symbol), length: found[0].length }
    : null;
}

function urlAt(text, at) {
  if (at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1])) return null;
  const found = text[at] === "h" && match(/https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)'"]/y, text, at);
  return found ? { node: link(unescaped(found[0])), length: found[0].length } : null;
}

/** One `<...>` of Slack's, or null when it is somebody's angle brackets. */
function token(content, names) {
  const [target, ...rest] = content.split("|");
  const label = rest.join("|");
  if (/^@[A-Z0-9]+$/.test(target))
    return mention(
      `@${names.person(target.slice(1)) ?? (label || target.slice(1))}`,
      target.slice(1) === names.me,
    );
  if (/^#[A-Z0-9]+$/.test(target)) return channelLink(target.slice(1), names, label);
  if (/^!(here|channel|everyone)$/.test(target)) return mention(`@${target.slice(1)}`, true);
  if (target.startsWith("!date^")) return date(target.split("^").slice(1), label);
  if (target.startsWith("!")) return label ? document.createTextNode(unescaped(label)) : null;
  return safeUrl(target) && !target.startsWith("/")
    ? link(unescaped(target), label ? unescaped(label) : null)
    : null;
}

export function mention(text, isMe) {
  return h("span", { class: isMe ? "mention mention-me" : "mention" }, text);
}

export function channelLink(id, names, label = "") {
  const name = names.channel(id);
  return name ? h("a", { class: "mention", href: `#${id}` }, `#${name}`) : mention(`#${label || id}`, false);
}

export function link(address, label = null) {
  const room = address.match(/^(.*)\/archives\/([A-Z0-9]+)\/p\d+$/);
  if (room?.[1] === globalThis.location?.origin) return h("a", { href: `#${room[2]}` }, label ?? address);
  const href = safeUrl(address);
  return href
    ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, label ?? address.replace(/^mailto:/, ""))
    : document.createTextNode(label ?? address);
}

function date([seconds, format, address], fallback) {
  const shown = formatDate(seconds, format ?? "");
  if (!shown) return document.createTextNode(unescaped(fallback || "a time that cannot be read"));
  const node = h(
    "time",
    { datetime: shown.date.toISOString(), title: tooltip(shown.date) },
    unescaped(shown.text),
  );
  const href = safeUrl(address);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, node) : node;
}
