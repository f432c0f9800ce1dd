import type { Operation } from "./operation.js";

export const authOperations = {
  verifyToken: {
    method: "get",
    path: "/v1/auth/verify",
    tag: "Authentication",
    summary: "Whether a token is good, and whose it is, for a gateway such as nginx with `auth_request`",
    description:
      "The identity stands in the headers of the answer, percent-encoded, as the calls of the gateway contract take it; what neither the token nor the user directory says is left out. Where there is no `Authorization`, the token is taken from `?token=` of the URI that the gateway names in `X-Original-URI`, because browsers can send a WebSocket no header.",
    takesOriginalUri: true,
    status: 204,
    resultHeaders: {
      "X-User-Id": "The user's id.",
      "X-Nickname": "Their name.",
      "X-Email": "Their e-mail address.",
      "X-Profile-Url": "The address of their picture.",
      "X-Token-Expires": "When the token runs out, in Unix seconds.",
    },
  },
} as const satisfies Record<string, Operation>;
