-- Nodes whose news does not reach the others over the bus: as long as one is listed, all nodes read the log of commits often.
CREATE TABLE "bus_outages" (
    "node" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bus_outages_pkey" PRIMARY KEY ("node")
);
