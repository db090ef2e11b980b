// What a message looks like on the wire: one frame of RFC 6455 §5.2, as bytes and in words.

const names = { 1: "text", 2: "binary", 8: "close" };

/** Frames a payload; `key`: four masking bytes for what a client sends, null for what a server sends. */
export function frame(opcode, payload, key = null) {
  const length = payload.length;
  const masked = key ? 0x80 : 0;
  const header = [0x80 | opcode];
  if (length < 126) header.push(masked | length);
  else if (length < 65_536) header.push(masked | 126, length >> 8, length & 0xff);
  else header.push(masked | 127, 0, 0, 0, 0, (length >>> 24) & 0xff, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff);
  const body = key ? payload.map((byte, index) => byte ^ key[index % 4]) : payload;
  return { opcode, header, key: key ?? [], body };
}

/** The facts in a line: opcode, FIN, length and how it was encoded, masking. */
export function describe({ opcode, header, key, body }) {
  const encoding = header.length === 2 ? "7-bit" : header.length === 4 ? "16-bit" : "64-bit";
  const size = header.length + key.length + body.length;
  return [
    `opcode 0x${opcode.toString(16)} ${names[opcode] ?? ""}`,
    "FIN",
    `length ${body.length.toLocaleString()} (${encoding})`,
    key.length > 0 ? "masked" : "not masked",
    `${size.toLocaleString()} bytes in all`,
  ].join(" · ");
}

export const hex = (byte) => byte.toString(16).padStart(2, "0");

/** Bytes from hexadecimal text; throws with words for people. */
export function bytesFromHex(text) {
  const digits = text.replace(/0x/gi, "").replace(/[\s,:_-]+/g, "");
  const wrong = digits.match(/[^0-9a-f]/i);
  if (wrong) throw new Error(`“${wrong[0]}” is not a hexadecimal digit.`);
  if (digits.length % 2 !== 0) throw new Error("Each byte needs two digits; one digit is missing.");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
