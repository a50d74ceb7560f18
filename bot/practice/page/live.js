/** The live line to the workspace: state once, then every event after it, again after each lost connection. */

import * as api from "./api.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3000;

export class Live {
  /** `on` holds state(state), event(event), link(up) and refused(error). */
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
    socket.onopen = () => this.start(socket);
    socket.onmessage = (message) => this.take(JSON.parse(message.data));
    socket.onclose = () => this.retry();
  }

  /** Events that come while the state is on its way wait for it; those it already holds are dropped. */
  async start(socket) {
    try {
      const state = await api.state(this.me);
      this.waitMs = FIRST_WAIT_MS;
      this.on.link(true);
      this.on.state(state);
      this.seq = state.seq;
      this.early.forEach((event) => this.take(event));
    } catch (error) {
      this.on.refused(error);
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
