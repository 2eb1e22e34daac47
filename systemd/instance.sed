# Makes matted@.service, one daemon per settings file /etc/matted/NAME.yaml, of matted.service.
s|^# The matte daemon, for the machine\.|# One matte daemon for each settings file: matted@NAME.service reads /etc/matted/NAME.yaml.\n# Made from matted.service by `make generated`.|
s|`systemctl edit matted`|`systemctl edit matted@NAME`|
s|^Description=.*|Description=matted, the matte daemon for %i|
s|/matted\.yaml|/%i.yaml|
s|^StateDirectory=matted|StateDirectory=matted-%i|
s|^RuntimeDirectory=matted|RuntimeDirectory=matted-%i|
s|security matted`|security matted@NAME`|
