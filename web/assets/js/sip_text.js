// As much of a SIP message as a person wants to see of it in a line.
import { uri_parts } from "./people.js";

const kShort = { i: "call-id", f: "from", t: "to", m: "contact", v: "via", c: "content-type", l: "content-length" };

export function parse_message(text) {
  const [head, ...rest] = text.split(/\r?\n\r?\n/);
  const [first, ...lines] = head.split(/\r?\n/);
  const headers = {};
  for (const line of lines) {
    const at = line.indexOf(":");
    if (at < 1) continue;
    const name = line.slice(0, at).trim().toLowerCase();
    headers[kShort[name] ?? name] ??= line.slice(at + 1).trim();
  }
  const response = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(first);
  const request = /^([A-Za-z]+) (\S+) SIP\/2\.0$/.exec(first);
  const [sequence, method] = (headers.cseq ?? "").split(/\s+/);
  return {
    first, headers, body: rest.join("\n\n"),
    status: response ? Number(response[1]) : 0,
    reason: response?.[2] ?? "",
    method: request?.[1] ?? method ?? "",
    target: request ? uri_parts(request[2]).user : "",
    sequence,
    call_id: headers["call-id"] ?? "",
    from: address_user(headers.from),
    to: address_user(headers.to),
    has_sdp: /^application\/sdp/i.test(headers["content-type"] ?? ""),
  };
}

function address_user(text = "") {
  const uri = /<([^>]+)>/.exec(text)?.[1] ?? text.split(";")[0];
  const { user, host } = uri_parts(uri);
  return user || host;
}

export function kind_of(message) {
  if (!message.status) return "";
  if (message.status < 200) return "ring";
  if (message.status < 300) return "good";
  return message.status === 401 || message.status === 407 ? "ring" : "bad";
}

export function title_of(message) {
  const title = message.status ? `${message.status} ${message.reason}` : message.method;
  return message.has_sdp ? `${title} (SDP)` : title;
}
