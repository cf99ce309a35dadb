pragma x = 'y';
attach database 'x' as y key 'z';
attach 'x' || 'y' as z;
detach database x;
detach y;
vacuum;
vacuum main;
vacuum into 'x'
