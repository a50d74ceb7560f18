/** The live line to the workspace: the state, then every event after it; anew when the line was lost. */

import * as api from "./api.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3000;

export class Live {
  /** `on` holds state(state), event(event) and link(up). */
  constructor(me, on) {
    this.me = me;
    this.on = on;
    this.waitMs = FIRST_WAIT_MS;
    this.connect();
  }

  connect() {
    const address = new URL(`/desk/live?as=${encodeURIComponent(this.me)}`, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.early = [];
    this.seq = null;
    this.socket = socket;
    socket.onopen = () => this.start(socket);
    socket.onmessage = (message) => this.take(JSON.parse(message.data));
    socket.onclose = () => this.retry();
  }

  /** Events that come while the state is on its way wait for it; those it already holds are dropped. */
  async start(socket) {
    try {
      const state = await api.state(this.me);
      if (socket !== this.socket) return;
      this.waitMs = FIRST_WAIT_MS;
      this.on.link(true);
      this.on.state(state);
      this.seq = state.seq;
      this.early.forEach((event) => this.take(event));
    } catch {
      socket.close();
    }
  }

  take(event) {
    if (this.seq === null) this.early.push(event);
    else if (event.seq > this.seq) {
      this.seq = event.seq;
      this.on.event(event);
    }
  }

  retry() {
    this.on.link(false);
    setTimeout(() => this.connect(), this.waitMs);
    this.waitMs = Math.min(LONGEST_WAIT_MS, this.waitMs * 2);
  }
}
