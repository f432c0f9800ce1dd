export const BASE_PATH = "/api";
export const SOCKET_PATH = "/ws";
