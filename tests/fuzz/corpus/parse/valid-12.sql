release x;
pragma x;
pragma main.x = 5;
pragma x = -5.5;
pragma x(+5);
pragma x = on;
pragma x(delete);
pragma x = default
