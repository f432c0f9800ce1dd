/** Where everything of this contract stands. */
export const BASE_PATH = "/api/v1/chat";

export const SOCKET_PATH = `${BASE_PATH}/ws`;
