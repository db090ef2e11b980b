// The types of heliograph.js, and what each call does.

/** Where a reader is in a channel's stream. An epoch is one life of the stream; offsets count its publications from 1. */
export interface Position {
  epoch: string;
  offset: number;
}

export interface ClientInfo {
  user: string;
  client: string;
  connInfo?: unknown;
  chanInfo?: unknown;
}

export interface Publication<Data = any> {
  channel: string;
  data: Data;
  /** 0 in a channel without history. */
  offset: number;
  tags: Record<string, string>;
  /** Milliseconds since 1970; 0 if the server does not say. */
  time: number;
  /** Who published it, if a client did. */
  info?: ClientInfo;
}

/** Which publications a subscriber wants, by their tags: a comparison, or some of them under `op`. */
export interface TagsFilter {
  op?: "and" | "or" | "not";
  nodes?: TagsFilter[];
  key?: string;
  cmp?: "eq" | "neq" | "in" | "nin" | "ex" | "nex" | "sw" | "ew" | "ct" | "lt" | "lte" | "gt" | "gte";
  val?: string;
  vals?: string[];
}

export interface Reason {
  code: number;
  reason: string;
}

export interface SubscribedEvent {
  channel: string;
  recoverable: boolean;
  positioned: boolean;
  position: Position | null;
  /** This subscribe asked for what was missed. */
  wasRecovering: boolean;
  /** And everything that was missed follows, as publications. If not, load your state anew. */
  recovered: boolean;
  data?: any;
}

interface StateEvent<State> {
  state: State;
  previous: State;
}

interface ChannelEvents<Data> {
  subscribed: SubscribedEvent;
  /** Waiting for the connection, the server or a next attempt. Codes: 0 called, 1 transport closed, 2 no ping, 3 subscribe timeout; else the server's. */
  subscribing: Reason & { channel: string };
  /** For good. Codes: 0 called, 1 unauthorized; else the server's. */
  unsubscribed: Reason & { channel: string };
  publication: Publication<Data>;
  join: { channel: string; info: ClientInfo };
  leave: { channel: string; info: ClientInfo };
}

export interface SubscriptionEvents<Data = any> extends ChannelEvents<Data> {
  state: StateEvent<SubscriptionState>;
  error: RequestError;
}

/** Those with a channel are of server-side subscriptions. */
export interface ClientEvents extends ChannelEvents<any> {
  state: StateEvent<ClientState>;
  /** Codes: 0 called, 1 transport closed, 2 no ping, 3 subscribe timeout, 4 unsubscribe error; else the server's. */
  connecting: Reason;
  connected: { client: string; transport: Transport; version: string; data?: any };
  /** For good. Codes: 0 called, 1 unauthorized, 2 bad protocol, 3 message size limit; else the server's. */
  disconnected: Reason;
  /** An asynchronous message of the server. */
  message: { data: any };
  /** Something went wrong that will be tried again. */
  error: RequestError;
}

export type ClientState = "disconnected" | "connecting" | "connected";
export type SubscriptionState = "unsubscribed" | "subscribing" | "subscribed";
export type Transport = "websocket" | "http_stream" | "sse";

interface CommonOptions {
  token?: string;
  /** Asked when there is no token, the present one expired or the server refuses it. Nothing ("" or null) means: not allowed. A throw: ask again later. */
  getToken?: (context: { channel?: string }) => string | null | undefined | Promise<string | null | undefined>;
  /** Goes to the server with each connect or subscribe. */
  data?: any;
  /** How long a request may take. 5,000 ms. */
  timeout?: number;
  /** The first wait is random up to this, 500 ms; the bound doubles each time… */
  minReconnectDelay?: number;
  /** …up to this, 20,000 ms. */
  maxReconnectDelay?: number;
}

export interface ClientOptions extends CommonOptions {
  /** At most 16 characters; "js". */
  name?: string;
  version?: string;
  /** Handed on by the server as headers, for browsers cannot set any on a WebSocket. */
  headers?: Record<string, string>;
  /** What to try, in order: ["websocket", "http_stream", "sse"]. Later ones only when an earlier one cannot be opened. */
  transports?: Transport[];
  /** Where the fallbacks send commands. Default: `../emulation` from the endpoint. */
  emulation?: string;
  /** Silence beyond the server's ping interval that means: lost. 10,000 ms. */
  maxServerPingDelay?: number;
  /** Instead of the global ones. */
  WebSocket?: new (url: string) => any;
  fetch?: typeof fetch;
}

export interface SubscriptionOptions extends CommonOptions {
  /** Go on from a position that you kept. */
  since?: Position;
  /** Ask for a position in the stream, or for recovery. The server may grant them unasked. */
  positioned?: boolean;
  recoverable?: boolean;
  /** Ask for join and leave events. */
  joinLeave?: boolean;
  /** Ask for publications as differences to the one before; you always see the whole. */
  delta?: "fossil";
  tagsFilter?: TagsFilter;
}

export interface HistoryOptions {
  /** 0 (default): only the position. -1: as many as the server allows. */
  limit?: number;
  /** After this position; before it if `reverse`. */
  since?: Position;
  reverse?: boolean;
}

export interface History<Data = any> extends Position {
  publications: Publication<Data>[];
}

/** Why a request failed: a code of the protocol, or below 100 one of our own: 1 timeout, 2 transport closed, 3 not connected, 4 bad data, 5 no token. */
export class RequestError extends Error {
  constructor(code: number, message: string, temporary?: boolean);
  readonly code: number;
  /** Worth another attempt. */
  readonly temporary: boolean;
}

declare class Machine<State, Events> {
  readonly state: State;
  /** Change it at any time; the next connect or subscribe uses it. */
  token: string;
  data: any;
  on<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): this;
  off<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): this;
  /** Resolves when connected or subscribed; rejects when that is given up or the time is over. */
  ready(timeout?: number): Promise<void>;
}

/** A channel that the app follows, over all connections of its client. Made by `client.subscription(channel)`. Requests wait until it is subscribed. */
export class Subscription<Data = any> extends Machine<SubscriptionState, SubscriptionEvents<Data>> implements AsyncIterable<Publication<Data>> {
  private constructor();
  readonly channel: string;
  /** Where we are in the channel's stream; null if it has no positions. */
  readonly position: Position | null;
  tagsFilter?: TagsFilter;
  subscribe(): this;
  /** Keeps the position: a later `subscribe()` asks for what was missed. */
  unsubscribe(): this;
  /** Unsubscribes, and the client forgets this subscription. */
  remove(): void;
  publish(data: Data): Promise<void>;
  history(options?: HistoryOptions): Promise<History<Data>>;
  presence(): Promise<{ clients: Record<string, ClientInfo> }>;
  presenceStats(): Promise<{ numClients: number; numUsers: number }>;
  /** Subscribes, gives the publications from now on, and ends when unsubscribed. */
  [Symbol.asyncIterator](): AsyncGenerator<Publication<Data>, void, void>;
}

/** A connection that comes back, with its subscriptions. Requests wait until it is connected. */
export class Client extends Machine<ClientState, ClientEvents> {
  /** @param endpoint Of the WebSocket, "/connection/websocket" by default; the fallbacks are beside it. Relative to the page. */
  constructor(endpoint?: string | URL, options?: ClientOptions);
  /** The connection's id, given by the server. */
  readonly id: string;
  connect(): this;
  disconnect(): this;
  /** The subscription to this channel; makes it if there is none. It starts with its `subscribe()`. */
  subscription<Data = any>(channel: string, options?: SubscriptionOptions): Subscription<Data>;
  publish(channel: string, data: any): Promise<void>;
  history<Data = any>(channel: string, options?: HistoryOptions): Promise<History<Data>>;
  presence(channel: string): Promise<{ clients: Record<string, ClientInfo> }>;
  presenceStats(channel: string): Promise<{ numClients: number; numUsers: number }>;
  rpc(method: string, data?: any): Promise<{ data: any }>;
  /** A message to the server that nobody answers. */
  send(data: any): Promise<void>;
}

/** The target of a fossil delta. Throws RequestError 4 for what is no delta, not meant for this base, or longer than `limit` (16 MiB). */
export function applyDelta(base: Uint8Array, delta: Uint8Array, limit?: number): Uint8Array;

export {};
