/** What Kubernetes adds for a service (its documentation: "Accessing the Service", environment variables). */
const KUBERNETES = /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/;
/** What Docker's links add, and Kubernetes for compatibility: `NAME_PORT_8990_TCP_ADDR`. */
const DOCKER = /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR|START|END))?$/;
const LINK_URL = /^(tcp|udp|sctp):\/\//;

/**
 * Whether an environment variable tells of a service in the cluster. A service of the name `sylstream` gives every pod
 * beside it `SYLSTREAM_PORT=tcp://…` and more, which look like settings and are none.
 */
export function isServiceLink(name: string, value: string | undefined): boolean {
  return (
    KUBERNETES.test(name) ||
    DOCKER.test(name) ||
    (name.endsWith('_PORT') && LINK_URL.test(value ?? ''))
  );
}
