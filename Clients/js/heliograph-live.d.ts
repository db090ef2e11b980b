// The types of heliograph-live.js, a script that makes one global, `live`. What it does by itself is described in README.md.

/** JavaScript of the application for an element with `data-hook`; see `live.hooks`. An error in one is written to the console. */
interface LiveHook {
  /** The element is in the page, and the view connected. */
  mounted?(this: LiveHookContext): void;
  /** The server has changed the element or something in it. */
  updated?(this: LiveHookContext): void;
  /** The element is gone. */
  destroyed?(this: LiveHookContext): void;
  disconnected?(this: LiveHookContext): void;
  reconnected?(this: LiveHookContext): void;
  [name: string]: any;
}

interface LiveHookContext {
  readonly el: HTMLElement;
  /** Sends an event, its text as an element would have it in `data-on-…`. Dropped while there is no connection. */
  push(event: string, value?: unknown): void;
  /** Handles what the server pushes by this name, as long as the element is there. */
  on(name: string, handler: (value: any) => void): void;
  [name: string]: any;
}

interface Live {
  /** By the names in `data-hook`. Define them in a script behind this one. */
  hooks: Record<string, LiveHook>;
  /** What the server sends arrives so many milliseconds later: to try how a page feels from far away. */
  latency: number;
  /** Is given every message and every error in one: `live.debug = console.debug`. */
  debug?: (...values: unknown[]) => void;
  /** Whether the page is connected. */
  readonly isLive: boolean;
  /** Ends the connection, until `connect()`. */
  disconnect(): void;
  connect(): void;
}

declare const live: Live;

interface Window {
  readonly live: Live;
}
