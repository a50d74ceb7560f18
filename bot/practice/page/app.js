/** The page: one person, the places they can go, and everything redrawn from what the workspace says. */

import * as api from "./api.js";
import { renderBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { readIn } from "./dates.js";
import { fill, focusMark, h, restoreFocus } from "./dom.js";
import { entered, valuesOf } from "./inputs.js";
import { Live } from "./live.js";
import { Modals } from "./modal.js";
import { Notices } from "./notices.js";
import { followCodes } from "./codes.js";
import { drawChooser, drawSwitcher } from "./people.js";
import { Reading } from "./reading.js";
import { drawSidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline.js";
import { Training } from "./training.js";

const $ = (id) => document.getElementById(id);

class Page {
  constructor(store) {
    this.store = store;
    this.reading = new Reading(store);
    this.notices = new Notices($("notices"));
    this.modals = new Modals(store);
    this.timeline = new Timeline($("messages"), store, this.reading, {
      notice: (text) => this.notice(text),
      openThread: (ts) => this.go(`#${this.channel.id}/${ts}`),
      shortcut: (callbackId, ts) => this.shortcut(callbackId, ts),
    });
    this.composer = new Composer($("composer"), {
      commands: store.app.commands,
      shortcuts: store.app.shortcuts.filter((each) => !each.on_message),
      shortcut: (callbackId) => this.shortcut(callbackId),
      inThread: false,
      send: (text) => this.say(text),
    });
    this.live = new Live(store.me, {
      state: (state) => this.began(state),
      event: (event) => this.happened(event),
      link: (up) => ($("link-state").hidden = up),
    });
    this.training = new Training($("training"), (text) => this.notice(text));
    this.listen();
  }

  listen() {
    addEventListener("hashchange", () => this.arrived && this.arrive());
    document.addEventListener("visibilitychange", () => this.draw());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.escape(event));
    $("menu-button").addEventListener("click", () =>
      this.drawer(!document.body.classList.contains("drawer-open")),
    );
    $("scrim").addEventListener("click", () => this.drawer(false));
    $("sidebar").addEventListener("click", (event) => event.target.closest("a") && this.drawer(false));
  }

  began(state) {
    this.store.load(state);
    if (this.arrived) this.draw();
    else this.arrive();
  }

  happened(event) {
    if (event.type === "notice") this.notice(event.text);
    else {
      this.store.apply(event);
      if (event.type === "channel_left" && event.channel === this.place) this.leave();
      else this.draw();
    }
  }

  /** Say something where this person is looking. */
  notice(text) {
    if (!this.modals.notice(text)) this.notices.show(text);
  }

  /** Where the address says we are: a channel, a thread in it, or the home. */
  arrive() {
    const [place, threadTs = null] = location.hash.slice(1).split("/");
    const known = place === "home" || this.store.channels.has(place);
    const target = known ? place : (this.store.rooms[0]?.id ?? this.store.directMessage?.id ?? "home");
    const moved = this.place !== target;
    this.arrived = true;
    this.place = target;
    this.threadTs = target === place ? threadTs : null;
    if (moved) {
      this.notices.clear();
      this.since = this.reading.mark(target) || null;
      const tab = { home: "home", [this.store.directMessage?.id]: "messages" }[target];
      if (tab) api.openHome(this.store.me, tab).catch((error) => this.notice(error.message));
    }
    this.draw();
    this.settleFocus(moved);
  }

  /** Be somewhere else: the place we were in is no longer ours. */
  leave() {
    history.replaceState(null, "", location.pathname + location.search);
    this.arrive();
  }

  settleFocus(moved) {
    if (matchMedia("(pointer: coarse)").matches) return; // the keyboard would cover what is to be read
    if (this.threadTs && this.thread) this.thread.composer.focus();
    else if (this.place !== "home" && (moved || document.activeElement === document.body))
      this.composer.focus();
  }

  go(hash) {
    location.hash = hash;
  }

  get channel() {
    return this.store.channels.get(this.place) ?? null;
  }

  async say(text, threadTs = null) {
    try {
      const answer = await api.say(this.store.me, this.channel.id, text, threadTs);
      if (answer.ok === false) this.notice(answer.notice);
      else this.notices.clear();
      return answer.ok !== false;
    } catch (error) {
      this.notice(error.message);
      return false;
    }
  }

  async shortcut(callbackId, ts = null) {
    try {
      const answer = await api.shortcut(this.store.me, callbackId, this.channel.id, ts);
      if (answer.ok === false) this.notice(answer.notice);
    } catch (error) {
      this.notice(error.message);
    }
  }

  draw() {
    const channel = this.channel;
    const messages = channel ? this.store.timeline(channel.id) : [];
    if (channel && document.visibilityState === "visible") this.reading.read(channel.id, messages);
    this.drawHeader(channel);
    $("home").hidden = Boolean(channel);
    $("messages").hidden = !channel;
    $("composer").hidden = !channel || channel.archived;
    $("archived").hidden = !channel?.archived;
    this.drawThread(channel);
    if (channel) {
      this.timeline.draw(channel.id, messages, this.since);
      this.composer.turnTo(
        channel.id,
        channel.kind === "dm" ? `Message ${this.store.app.name}` : `Message #${channel.name}`,
      );
    } else {
      this.timeline.leave();
      this.drawHome();
    }
    this.modals.draw();
    this.drawMarks();
  }

  drawMarks() {
    const unread = (id) => this.reading.unread(id, this.store.timeline(id)).length;
    drawSidebar($("sidebar"), this.store, `#${this.place}`, unread);
    const total = [...this.store.channels.keys()].reduce((sum, id) => sum + unread(id), 0);
    const name = this.store.people.get(this.store.me).name;
    const where = this.channel ? this.channel.name : "Home";
    document.title = `${total ? `(${total}) ` : ""}${where} · ${name} · Practice workspace`;
    $("menu-button").classList.toggle("has-unread", total > 0);
  }

  drawHeader(channel) {
    const app = this.store.app;
    const dm = this.store.directMessage;
    if (channel && channel.kind !== "dm") {
      fill(
        $("place-header"),
        h("h1", {}, h("span", { class: "place-mark", "aria-hidden": "true" }, "#"), channel.name),
        channel.archived ? h("span", { class: "tag" }, "archived") : null,
      );
      return;
    }
    const tab = (href, words, here) =>
      h("a", { class: "tab", href, "aria-current": here ? "page" : null }, words);
    fill(
      $("place-header"),
      h("h1", {}, app.name),
      h(
        "nav",
        { class: "tabs", "aria-label": app.name },
        tab("#home", "Home", !channel),
        dm ? tab(`#${dm.id}`, "Messages", Boolean(channel)) : null,
      ),
    );
  }

  drawHome() {
    const view = this.store.home;
    const signature = JSON.stringify(view);
    if (signature === this.homeSignature) return;
    this.homeSignature = signature;
    const fields = new Map();
    const act = (blockId, actionId, value) =>
      api
        .actInView(this.store.me, view.id, blockId, actionId, value, valuesOf(fields))
        .catch((error) => this.notice(error.message));
    const focus = focusMark();
    fill(
      $("home"),
      view
        ? h(
            "div",
            { class: "home-page" },
            renderBlocks(view.blocks, { names: this.store.names, act, fields, kept: entered(view) }),
          )
        : h("p", { class: "empty" }, `${this.store.app.name} has not drawn its home yet.`),
    );
    restoreFocus($("home"), focus);
  }

  drawThread(channel) {
    const parent = this.threadTs && channel ? channel.messages.get(this.threadTs) : null;
    $("thread").hidden = !parent;
    document.body.classList.toggle("thread-open", Boolean(parent));
    if (!parent) {
      this.thread = null;
      return;
    }
    this.thread ??= this.buildThread();
    const replies = this.store.threads(channel.id).get(parent.ts) ?? [];
    if (document.visibilityState === "visible") this.reading.read(`${channel.id}/${parent.ts}`, replies);
    fill(this.thread.where, channel.kind === "dm" ? this.store.app.name : `#${channel.name}`);
    this.thread.timeline.draw(channel.id, [parent, ...replies], null);
    this.thread.place.hidden = channel.archived;
    this.thread.composer.turnTo(`${channel.id}/${parent.ts}`, "Reply…");
  }

  buildThread() {
    const where = h("span", { class: "thread-where" });
    const list = h("div", { class: "messages", role: "log", "aria-label": "Thread messages", tabindex: "0" });
    const place = h("div", { id: "thread-composer", class: "composer-place" });
    fill(
      $("thread"),
      h(
        "header",
        { class: "place-header" },
        h("h2", {}, "Thread ", where),
        h(
          "button",
          {
            class: "icon-button",
            type: "button",
            "aria-label": "Close thread",
            onclick: () => this.closeThread(),
          },
          "✕",
        ),
      ),
      list,
      place,
    );
    const timeline = new Timeline(list, this.store, this.reading, {
      notice: (text) => this.notice(text),
      openThread: null,
    });
    const composer = new Composer(place, {
      commands: this.store.app.commands,
      shortcuts: [],
      inThread: true,
      send: (text) => this.say(text, this.threadTs),
    });
    return { where, place, timeline, composer };
  }

  closeThread() {
    const ts = this.threadTs;
    this.go(`#${this.place}`);
    this.arrive();
    document
      .querySelector(`[data-ts="${CSS.escape(ts)}"] .replies, [data-ts="${CSS.escape(ts)}"] .tool`)
      ?.focus();
  }

  escape(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open], :popover-open")) return;
    if (document.body.classList.contains("drawer-open")) this.drawer(false);
    else if (this.threadTs) this.closeThread();
  }

  drawer(open) {
    document.body.classList.toggle("drawer-open", open);
    $("menu-button").setAttribute("aria-expanded", String(open));
    if (open) $("sidebar").querySelector("[aria-current], a")?.focus();
  }
}

async function begin() {
  const people = await api.people();
  const wanted = new URLSearchParams(location.search).get("as");
  const me = people.find((person) => person.id === wanted);
  if (!me) {
    drawChooser(
      $("chooser"),
      people,
      wanted ? `Nobody here is called ${wanted}. Pick one of these people.` : null,
    );
    return;
  }
  $("workspace").hidden = $("menu-button").hidden = false;
  readIn(me.timezone);
  drawSwitcher($("person"), me, people);
  followCodes();
  new Page(new Store(me.id, people, await api.app()));
}

begin().catch((error) => {
  $("chooser").hidden = false;
  fill($("chooser"), h("p", { class: "chooser-trouble", role: "alert" }, error.message));
});
