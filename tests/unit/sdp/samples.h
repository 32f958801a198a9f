// Session descriptions as phones, softphones and browsers send them, for tests that go over all.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace tipring::test {

// Lines of a raw string, which end in LF and begin with one, with the CR LF of the wire.
inline std::string wire(std::string_view lines) {
  std::string text;
  if (lines.starts_with('\n')) lines.remove_prefix(1);
  for (const char c : lines) {
    if (c == '\n') text += '\r';
    text += c;
  }
  return text;
}

// In the manner of baresip.
inline constexpr std::string_view kBaresip = R"(
v=0
o=- 1871234567 2001234567 IN IP4 192.0.2.11
s=-
c=IN IP4 192.0.2.11
t=0 0
a=tool:baresip 1.0.0
m=audio 10042 RTP/AVP 96 0 8 101
a=rtpmap:96 opus/48000/2
a=fmtp:96 stereo=1;sprop-stereo=1
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=rtcp:10043
a=rtcp-rsize
a=ssrc:3012345678 cname:sip:anna@example.com
a=sendrecv
a=label:1
a=ptime:20
)";

// In the manner of PJSUA: bandwidth, an rtcp line with an address, a sender's report identity.
inline constexpr std::string_view kPjsua = R"(
v=0
o=- 3840951120 3840951120 IN IP4 198.51.100.7
s=pjmedia
b=AS:84
t=0 0
a=X-nat:0
m=audio 4000 RTP/AVP 98 97 99 104 3 0 8 9 96
c=IN IP4 198.51.100.7
b=TIAS:64000
a=rtcp:4001 IN IP4 198.51.100.7
a=sendrecv
a=rtpmap:98 speex/16000
a=rtpmap:97 speex/8000
a=rtpmap:99 speex/32000
a=rtpmap:104 iLBC/8000
a=fmtp:104 mode=30
a=rtpmap:3 GSM/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:9 G722/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-16
)";

// In the manner of Linphone: audio and video with ICE and SDES, no static rtpmap lines.
inline constexpr std::string_view kLinphone = R"(
v=0
o=bert 3127 1412 IN IP4 203.0.113.40
s=Talk
c=IN IP4 203.0.113.40
t=0 0
a=ice-pwd:4d2f7ad1d1b0b1ba0f1c2f3e
a=ice-ufrag:51b8c1b7
a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics
m=audio 7078 RTP/SAVP 96 0 8 97
a=rtpmap:96 opus/48000/2
a=fmtp:96 useinbandfec=1
a=rtpmap:97 telephone-event/48000
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz
a=rtcp-fb:* ccm tmmbr
a=candidate:1 1 UDP 2130706303 192.168.1.20 7078 typ host
a=candidate:1 2 UDP 2130706302 192.168.1.20 7079 typ host
m=video 9078 RTP/SAVP 96 97
c=IN IP4 203.0.113.40
a=rtpmap:96 VP8/90000
a=rtpmap:97 H264/90000
a=fmtp:97 profile-level-id=42801F
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj
a=candidate:1 1 UDP 2130706303 192.168.1.20 9078 typ host
)";

// In the manner of a browser: bundled, DTLS-SRTP, ICE, RTCP on the same port.
inline constexpr std::string_view kBrowser = R"(
v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=msid-semantic: WMS stream
m=audio 50310 UDP/TLS/RTP/SAVPF 111 0 8 110
c=IN IP4 198.51.100.23
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:842163049 1 udp 1677729535 198.51.100.23 50310 typ srflx raddr 0.0.0.0 rport 0
a=ice-ufrag:F7gI
a=ice-pwd:x9cml/YzichV2+XlhiMu8g
a=ice-options:trickle
a=fingerprint:sha-256 D1:2C:BE:AD:C4:F6:64:5C:25:16:11:9C:AF:E7:0F:73:79:36:4E:9C:1E:15:54:39:0C:06:8B:ED:96:86:00:39
a=setup:actpass
a=mid:0
a=sendrecv
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:110 telephone-event/48000
m=video 0 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=bundle-only
a=sendonly
a=rtcp-mux
a=rtpmap:96 VP8/90000
)";

// A desk phone that puts a call on hold in the way of RFC 2543.
inline constexpr std::string_view kOldHold = R"(
v=0
o=Cisco-SIPUA 26425 12433 IN IP4 192.0.2.30
s=SIP Call
c=IN IP4 0.0.0.0
t=0 0
m=audio 16384 RTP/AVP 0 18 101
a=rtpmap:0 PCMU/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
)";

// IPv6, T.38 beside audio, and a name.
inline constexpr std::string_view kFaxAndName = R"(
v=0
o=gw 53655765 2353687637 IN IP6 2001:db8::9
s=-
c=IN IP6 2001:db8::9
t=0 0
m=audio 30000 RTP/AVP 8
a=sendonly
m=image 30002 udptl t38
c=IN IP4 fax.example.com
a=T38FaxVersion:0
)";

inline const std::array kSamples = {kBaresip, kPjsua, kLinphone, kBrowser, kOldHold, kFaxAndName};

// The smallest that is whole, with these lines behind its session lines.
inline std::string session_with(std::string_view lines) {
  return wire("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n") + wire(lines);
}

// The same with one audio section and these lines in it.
inline std::string audio_with(std::string_view lines) {
  return session_with("m=audio 4000 RTP/AVP 0\n") + wire(lines);
}

}  // namespace tipring::test
