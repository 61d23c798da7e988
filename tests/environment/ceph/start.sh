#!/usr/bin/env bash
# One monitor, one object store in memory (SIZE bytes, 4 GiB) and the S3 gateway. A new container begins empty; one that is stopped and
# started again begins empty too, because the memory is gone.
set -euo pipefail

port=${PORT:-8000}
cluster=$(cat /proc/sys/kernel/random/uuid)
rm -rf /ready /etc/ceph/* /var/lib/ceph/{mon,osd,radosgw}
mkdir -p /etc/ceph /run/ceph /var/log/ceph /var/lib/ceph/{mon/ceph-a,osd/ceph-0,radosgw/ceph-rgw.a}

openssl req -x509 -newkey rsa:2048 -noenc -days 3650 -subj /CN=s3 \
  -addext subjectAltName=DNS:s3,DNS:localhost,IP:127.0.0.1 -keyout /etc/ceph/tls.key -out /etc/ceph/ca.crt 2> /dev/null
cat /etc/ceph/tls.key /etc/ceph/ca.crt > /etc/ceph/tls.pem

# All parts talk inside this container only, so they need no keys among each other (the gateway then accepts a plain
# session with the monitor only where "crc" is named). Pools have one copy and one group; short elections make the start fast.
cat > /etc/ceph/ceph.conf <<C
[global]
fsid = $cluster
mon_host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
osd_memory_target = 939524096
memstore_device_bytes = ${SIZE:-4294967296}
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_warn = 1
mon_data_avail_crit = 1
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
log_file = /var/log/ceph/\$name.log
mon_cluster_log_file = /var/log/ceph/cluster.log

[client.rgw.a]
rgw_frontends = beast endpoint=0.0.0.0:$port ssl_endpoint=0.0.0.0:${TLSPORT:-8443} ssl_certificate=/etc/ceph/tls.pem tcp_nodelay=1
rgw_enable_usage_log = false
rgw_gc_max_objs = 8
rgw_lc_max_objs = 8
rgw_num_control_oids = 1
C

# Waits, for at most 30 s, until the command succeeds.
await() {
  local tries=300
  until "$@" > /dev/null 2>&1; do
    if ((--tries == 0)); then echo "gave up waiting for: $*" >&2; exit 1; fi
    sleep 0.1
  done
}
store_is_up() { ceph osd stat | grep -q '1 up'; }
gateway_answers() { (exec 3<> "/dev/tcp/127.0.0.1/$port"); }

ceph-authtool --create-keyring /tmp/mon.keyring --gen-key --name mon. --cap mon 'allow *' > /dev/null
monmaptool --create --clobber --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' --fsid "$cluster" /tmp/monmap > /dev/null
ceph-mon --mkfs --id a --monmap /tmp/monmap --keyring /tmp/mon.keyring
ceph-mon --id a

store=$(cat /proc/sys/kernel/random/uuid)
ceph osd new "$store" > /dev/null
ceph-osd --id 0 --mkfs --osd-uuid "$store" 2> /dev/null > /dev/null
ceph-osd --id 0 2> /dev/null > /dev/null
await store_is_up

radosgw --id rgw.a --name client.rgw.a
await gateway_answers
radosgw-admin user create --uid=test --display-name=test --access-key="${AK:-testkey}" --secret-key="${SK:-testsecret}" > /dev/null
touch /ready
echo "S3 is ready after $SECONDS s"

end() {
  pkill -TERM 'radosgw|ceph-osd|ceph-mon' || true
  exit 0
}
trap end TERM INT
sleep infinity &
wait $!
